// SPDX-License-Identifier: GPL-2.0
/*
 * The ports of PCI's configuration mechanism 1. Reading them gives all-ones, as
 * any port without a device, so a guest sees at once that there is no PCI.
 */
#include "pci.h"

/**
 * pci_write() - the guest writes to one of the ports
 * @port: 0xcf8 to 0xcff
 * @size: bytes: 1, 2 or 4
 * @value: the value
 *
 * Return: true if that resets the machine.
 */
bool pci_write(uint16_t port, unsigned int size, uint32_t value)
{
	/* A wider write is to the address register that lies over it. */
	return port == PCI_RESET_PORT && size == 1 && value & PCI_RESET;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The ports where a PC has its PCI configuration; there is no PCI here. */
#ifndef VHM_PCI_H
#define VHM_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_PORT	0xcf8
#define PCI_PORTS	8

/* Among them, for single bytes, the chipset's reset control register. */
#define PCI_RESET_PORT	0xcf9
#define PCI_RESET	0x04
#define PCI_RESET_FULL	0x06

bool pci_write(uint16_t port, unsigned int size, uint32_t value);

#endif /* VHM_PCI_H */

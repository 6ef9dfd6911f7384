/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VHM_PARAGRAPH_H
#define VHM_PARAGRAPH_H

#include <stdio.h>

void paragraph_print(const char *text, unsigned int indent, unsigned int width, FILE *out);

#endif /* VHM_PARAGRAPH_H */

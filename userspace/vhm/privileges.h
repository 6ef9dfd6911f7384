/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VHM_PRIVILEGES_H
#define VHM_PRIVILEGES_H

int privileges_drop(void);

#endif /* VHM_PRIVILEGES_H */

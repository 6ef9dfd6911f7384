/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VHM_LIST_H
#define VHM_LIST_H

int list_machines(void);

#endif /* VHM_LIST_H */

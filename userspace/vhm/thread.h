/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VHM_THREAD_H
#define VHM_THREAD_H

#include <pthread.h>

int thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument);

#endif /* VHM_THREAD_H */

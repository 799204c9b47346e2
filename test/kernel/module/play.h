/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the test module share. */
#include <linux/types.h>

#define MESSAGE_MAX 240

/* The message that the hypervisor has for Linux, and its queue. Size 0: none. */
extern u8 pending[MESSAGE_MAX];
extern size_t pending_size;
extern u64 pending_queue;

/* Takes the pending message. Returns 0, or 60 (empty) as the hypercall does. */
int take_pending(void *buff, size_t *recv_size);

int gh_hypercall_msgq_send(u64 capid, size_t size, void *buff, u64 tx_flags, bool *ready);
int gh_hypercall_msgq_recv(u64 capid, void *buff, size_t size, size_t *recv_size, bool *ready);
int gunyah_hypercall_msgq_send(u64 capid, size_t size, void *buff, u64 tx_flags, bool *ready);
int gunyah_hypercall_msgq_recv(u64 capid, void *buff, size_t size, size_t *recv_size, bool *ready);
int gh_msgq_send(void *desc, void *buff, size_t size, unsigned long flags);
int gh_msgq_recv(void *desc, void *buff, size_t buff_size, size_t *recv_size, unsigned long flags);

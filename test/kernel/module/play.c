// SPDX-License-Identifier: GPL-2.0
/*
 * Plays queue messages through functions that have the names and signatures of the Gunyah drivers. A write to
 * /proc/gunyah_play is one message: byte 0 is the driver ('g' mainline v9 to v14, 'u' v15 and later, 'q' vendor), byte 1
 * the direction ('t' or 'r'), byte 2 the queue (0 is RM's), byte 3 the size, then the message. A receive is taken by the
 * thread of the driver; the write returns when it has.
 */
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

#include "play.h"

#define CAPID_TX 0x4d1b8e2c00000061ull
#define CAPID_RX 0x4d1b8e2c00000062ull
#define ERROR_EMPTY 60

struct rx_data {
	size_t length;
	u8 data[MESSAGE_MAX];
};

u8 pending[MESSAGE_MAX];
size_t pending_size;
u64 pending_queue;
static char pending_driver;
/* As rm->recv_msg[0] of the driver: one place for all messages. */
static u8 receive_buffer[MESSAGE_MAX];
static u8 send_buffer[MESSAGE_MAX + 4];
static struct task_struct *thread;
static DEFINE_MUTEX(lock);
static DECLARE_COMPLETION(work);
static DECLARE_COMPLETION(done);

int take_pending(void *buff, size_t *recv_size)
{
	if (!pending_size)
		return ERROR_EMPTY;
	memcpy(buff, pending, pending_size);
	*recv_size = pending_size;
	pending_size = 0;
	return 0;
}

noinline int gh_hypercall_msgq_send(u64 capid, size_t size, void *buff, u64 tx_flags, bool *ready)
{
	*ready = true;
	barrier();
	return 0;
}

noinline int gh_hypercall_msgq_recv(u64 capid, void *buff, size_t size, size_t *recv_size, bool *ready)
{
	int ret = take_pending(buff, recv_size);

	*ready = pending_size;
	return ret;
}

noinline int gunyah_hypercall_msgq_send(u64 capid, size_t size, void *buff, u64 tx_flags, bool *ready)
{
	*ready = true;
	barrier();
	return 0;
}

noinline int gunyah_hypercall_msgq_recv(u64 capid, void *buff, size_t size, size_t *recv_size, bool *ready)
{
	int ret = take_pending(buff, recv_size);

	*ready = pending_size;
	return ret;
}

static noinline void gh_rm_msgq_rx_data(void *client, void *message)
{
	barrier();
}

/* The driver calls it by a pointer too. A direct call would let the compiler drop arguments. */
static void (*volatile rx_callback)(void *client, void *message) = gh_rm_msgq_rx_data;

static void gh_receive(void)
{
	struct rx_data rx;
	bool ready;

	if (gh_hypercall_msgq_recv(pending_queue, rx.data, sizeof(rx.data), &rx.length, &ready) == 0 &&
	    pending_queue == CAPID_RX)
		rx_callback(NULL, &rx);
}

static noinline int gunyah_rm_rx(int irq, void *data)
{
	size_t length;
	bool ready;

	do {
		if (gunyah_hypercall_msgq_recv(pending_queue, receive_buffer, MESSAGE_MAX, &length, &ready))
			break;
	} while (ready);
	return 1;
}

static void vendor_receive(void)
{
	size_t length;

	while (gh_msgq_recv((void *)pending_queue, receive_buffer, MESSAGE_MAX, &length, 0) == 0)
		;
}

static int receive_thread(void *unused)
{
	while (!kthread_should_stop()) {
		wait_for_completion(&work);
		if (kthread_should_stop())
			break;
		if (pending_driver == 'g')
			gh_receive();
		else if (pending_driver == 'u')
			gunyah_rm_rx(27, NULL);
		else
			vendor_receive();
		complete(&done);
	}
	return 0;
}

static ssize_t play(struct file *file, const char __user *from, size_t count, loff_t *offset)
{
	bool ready;
	size_t size;
	u64 queue;

	if (count < 4 || count > sizeof(send_buffer))
		return -EINVAL;
	mutex_lock(&lock);
	if (copy_from_user(send_buffer, from, count)) {
		mutex_unlock(&lock);
		return -EFAULT;
	}
	size = min_t(size_t, send_buffer[3], count - 4);
	queue = (send_buffer[1] == 't' ? CAPID_TX : CAPID_RX) + 0x40 * send_buffer[2];
	if (send_buffer[1] == 't') {
		if (send_buffer[0] == 'g')
			gh_hypercall_msgq_send(queue, size, send_buffer + 4, 1, &ready);
		else if (send_buffer[0] == 'u')
			gunyah_hypercall_msgq_send(queue, size, send_buffer + 4, 1, &ready);
		else
			gh_msgq_send((void *)queue, send_buffer + 4, size, 0);
	} else {
		memcpy(pending, send_buffer + 4, size);
		pending_size = size;
		pending_queue = queue;
		pending_driver = send_buffer[0];
		complete(&work);
		wait_for_completion(&done);
	}
	mutex_unlock(&lock);
	return count;
}

static const struct proc_ops ops = { .proc_write = play };

static int __init start(void)
{
	thread = kthread_run(receive_thread, NULL, "irq/27-gunyah_rm_rx");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	proc_create("gunyah_play", 0200, NULL, &ops);
	return 0;
}
module_init(start);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Plays recorded messages through functions of the Gunyah drivers, for tests");

// SPDX-License-Identifier: GPL-2.0
/* The vendor driver's functions: they serve all queues and dump messages when dynamic debug asks for it. */
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "play.h"

noinline int gh_msgq_send(void *desc, void *buff, size_t size, unsigned long flags)
{
	print_hex_dump_debug("gh_msgq_send: ", DUMP_PREFIX_OFFSET, 4, 1, buff, size, false);
	return 0;
}

noinline int gh_msgq_recv(void *desc, void *buff, size_t buff_size, size_t *recv_size, unsigned long flags)
{
	if (take_pending(buff, recv_size))
		return -EAGAIN;
	print_hex_dump_debug(__func__, DUMP_PREFIX_OFFSET, 4, 1, buff, *recv_size, false);
	return 0;
}

/* The small manager as its main programs use it (small-manager-lines.c, small-manager-frames.c). */
#include <stddef.h>
#include <stdint.h>

enum { VMIDS = 256, QUEUE_MESSAGE = 240 };

/* A fresh boot. */
void manager_boot(void);
/* Takes a queue message of a VM. */
void manager_receive(unsigned from, const uint8_t *frame, size_t size);
/* The VM that was allocated last, 0 without one. */
unsigned manager_last_vmid(void);

/* Provided by the main program: a VM gets a queue message; the manager has died of a defect, in this
 * function, and does nothing until it boots again. */
void vm_gets(unsigned to, const uint8_t *frame, size_t size);
void manager_died(int defect, const char *place);

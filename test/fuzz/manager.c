/*
 * A small resource manager that speaks the line protocol of `fuzz --target exec:`, with three memory bugs:
 *
 * 1. VM_SET_CRASH_MSG copies as many bytes as the message says into a buffer of 192.
 * 2. VM_DEALLOC_VMID frees a VM that VM_GET_STATE goes on looking at, when that asked for it last.
 * 3. VM_IRQ_LEND looks the interrupt number up in a table of 288 entries without comparing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef COVERAGE
void print_coverage(void); /* docs/examples/coverage.c */
#endif

#define HEADER 8
#define VMID_FIRST 128
#define VMS 63
#define CRASH_SIZE 192
#define INTERRUPTS 288
#define MESSAGE_MAX 14616
#define LINE_SIZE (2 * 65536 + 32)

enum { CONTINUATION, REQUEST, REPLY };
enum { OK = 0, UNIMPLEMENTED = 0xffffffff, NORESOURCE = 2, MSG_INVALID = 4, ARGUMENT_INVALID = 6 };
enum {
  VM_ALLOC_VMID = 0x56000001,
  VM_DEALLOC_VMID = 0x56000002,
  VM_GET_STATE = 0x56000017,
  VM_GET_VMID = 0x56000024,
  VM_SET_CRASH_MSG = 0x56000086,
  VM_IRQ_LEND = 0x56000051,
};

struct vm {
  uint8_t state, os_status;
  uint16_t app_status;
};

struct message {
  uint32_t id, missing, fragments, size;
  uint16_t seq;
  uint8_t payload[MESSAGE_MAX];
};

static struct vm *vms[VMS];
static struct vm *asked_last;
static unsigned asked_last_vmid;
static uint32_t *borrowers;
static uint8_t *crash_message;
static struct message in_progress[256];

static uint16_t u16(const uint8_t *at) { return at[0] | at[1] << 8; }
static uint32_t u32(const uint8_t *at) { return u16(at) | (uint32_t)u16(at + 2) << 16; }

static void put32(uint8_t *at, uint32_t value) {
  for (int index = 0; index < 4; index++) at[index] = value >> 8 * index;
}

static void reply(unsigned vmid, const struct message *request, uint32_t error, const uint8_t *data, size_t size) {
  printf("rx %u 2102%02x%02x", vmid, request->seq & 0xff, request->seq >> 8);
  uint8_t words[8];
  put32(words, request->id);
  put32(words + 4, error);
  for (int index = 0; index < 8; index++) printf("%02x", words[index]);
  for (size_t index = 0; index < size; index++) printf("%02x", data[index]);
  printf("\n");
}

static struct vm **slot(unsigned vmid) {
  return vmid >= VMID_FIRST && vmid < VMID_FIRST + VMS ? &vms[vmid - VMID_FIRST] : NULL;
}

static void allocate(unsigned from, const struct message *m) {
  uint8_t data[4] = {0};
  if (m->size != 4) return reply(from, m, MSG_INVALID, NULL, 0);
  unsigned vmid = u16(m->payload);
  if (vmid != 0) return reply(from, m, ARGUMENT_INVALID, NULL, 0);
  for (vmid = VMID_FIRST; vmid < VMID_FIRST + VMS && vms[vmid - VMID_FIRST] != NULL;) vmid++;
  struct vm **place = slot(vmid);
  if (place == NULL) return reply(from, m, NORESOURCE, NULL, 0);
  *place = calloc(1, sizeof(struct vm));
  (*place)->state = 5;
  data[0] = vmid;
  reply(from, m, OK, data, sizeof data);
}

static void deallocate(unsigned from, const struct message *m) {
  if (m->size != 4) return reply(from, m, MSG_INVALID, NULL, 0);
  struct vm **place = slot(u16(m->payload));
  if (place == NULL || *place == NULL) return reply(from, m, ARGUMENT_INVALID, NULL, 0);
  free(*place);
  *place = NULL;
  reply(from, m, OK, NULL, 0);
}

static void get_state(unsigned from, const struct message *m) {
  if (m->size != 4) return reply(from, m, MSG_INVALID, NULL, 0);
  unsigned vmid = u16(m->payload);
  if (asked_last == NULL || asked_last_vmid != vmid) {
    struct vm **place = slot(vmid);
    asked_last = place == NULL ? NULL : *place;
    asked_last_vmid = vmid;
  }
  if (asked_last == NULL) return reply(from, m, ARGUMENT_INVALID, NULL, 0);
  uint8_t data[4] = {asked_last->state, asked_last->os_status, asked_last->app_status, 0};
  reply(from, m, OK, data, sizeof data);
}

static void set_crash_message(unsigned from, const struct message *m) {
  if (m->size < 4 || m->size != 4u + ((u16(m->payload) + 3u) & ~3u)) return reply(from, m, MSG_INVALID, NULL, 0);
  memcpy(crash_message, m->payload + 4, u16(m->payload));
  reply(from, m, OK, NULL, 0);
}

static void lend_interrupt(unsigned from, const struct message *m) {
  uint8_t data[4];
  if (m->size != 12) return reply(from, m, MSG_INVALID, NULL, 0);
  uint32_t number = u32(m->payload + 4);
  if (borrowers[number] != 0) return reply(from, m, ARGUMENT_INVALID, NULL, 0);
  borrowers[number] = u16(m->payload) + 1;
  put32(data, 0x10000000 + number);
  reply(from, m, OK, data, sizeof data);
}

static void handle(unsigned from, const struct message *m) {
  uint8_t data[4] = {from, from >> 8};
  switch (m->id) {
  case VM_ALLOC_VMID: return allocate(from, m);
  case VM_DEALLOC_VMID: return deallocate(from, m);
  case VM_GET_STATE: return get_state(from, m);
  case VM_SET_CRASH_MSG: return set_crash_message(from, m);
  case VM_IRQ_LEND: return lend_interrupt(from, m);
  case VM_GET_VMID: return reply(from, m, OK, data, sizeof data);
  default: reply(from, m, UNIMPLEMENTED, NULL, 0);
  }
}

static void receive(unsigned from, const uint8_t *frame, size_t size) {
  if (from > 255 || size < HEADER || size > 240 || frame[0] != 0x21 || frame[1] >> 2 > 62) return;
  struct message *m = &in_progress[from];
  unsigned fragments = frame[1] >> 2;
  switch (frame[1] & 3) {
  case REQUEST:
    m->id = u32(frame + 4);
    m->seq = u16(frame + 2);
    m->fragments = m->missing = fragments;
    m->size = 0;
    break;
  case CONTINUATION:
    if (m->missing == 0 || fragments != m->fragments || u32(frame + 4) != m->id || u16(frame + 2) != m->seq) return;
    m->missing--;
    break;
  default:
    // A message of another type ends the one in progress.
    m->missing = 0;
    return;
  }
  memcpy(m->payload + m->size, frame + HEADER, size - HEADER);
  m->size += size - HEADER;
  if (m->missing == 0) handle(from, m);
}

static size_t unhex(const char *text, uint8_t *bytes) {
  size_t size = 0;
  for (unsigned value; sscanf(text, "%2x", &value) == 1; text += 2) {
    bytes[size++] = value;
    if (text[1] == 0 || text[1] == '\n') break;
  }
  return size;
}

int main(void) {
  static char line[LINE_SIZE];
  static uint8_t frame[LINE_SIZE / 2];
  borrowers = calloc(INTERRUPTS, sizeof *borrowers);
  crash_message = malloc(CRASH_SIZE);
  printf("ready\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    unsigned from;
    int at = 0;
    if (sscanf(line, "tx %u %n", &from, &at) == 1 && at > 0) receive(from, frame, unhex(line + at, frame));
#ifdef COVERAGE
    print_coverage();
#endif
    printf("ok\n");
    fflush(stdout);
  }
  return 0;
}

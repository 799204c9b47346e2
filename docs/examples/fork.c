/*
 * The line protocol of `gunyah-rm fuzz --target exec:` for a manager in C, with `fork`: each session runs in a child process
 * that starts from the state at the fork, so nothing has to be booted again, also after a crash.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The manager under test: takes a queue message and prints "rx VMID HEX" for each one that it sends. */
void manager_receive(unsigned vmid, const unsigned char *frame, size_t size);

static char line[1 << 18];

/* `fork` and `reset` come when all lines before were answered, so no process reads what is for the other. */
static int read_line(void) {
  return fgets(line, sizeof line, stdin) != NULL;
}

static void say(const char *text) {
  printf("%s\n", text);
  fflush(stdout);
}

static void receive(void) {
  static unsigned char frame[sizeof line / 2];
  unsigned vmid, byte;
  int at = 0;
  size_t size = 0;
  if (sscanf(line, "tx %u %n", &vmid, &at) != 1 || at == 0) return;
  for (const char *hex = line + at; sscanf(hex, "%2x", &byte) == 1; hex += 2) frame[size++] = byte;
  manager_receive(vmid, frame, size);
}

/* Returns in the child, for each session anew. */
static void serve_forks(void) {
  say("ok");
  for (int status; fork() != 0; say("ok")) {
    wait(&status);
    if (WIFSIGNALED(status)) {
      printf("abort signal %d\n", WTERMSIG(status));
      fflush(stdout);
      while (read_line() && strcmp(line, "reset\n") != 0) continue;
    }
    if (feof(stdin) || (WIFEXITED(status) && WEXITSTATUS(status) != 0)) _exit(0);
  }
}

int main(void) {
  int is_child = 0;
  for (say("ready"); read_line();) {
    if (strcmp(line, "fork\n") == 0 && !is_child) serve_forks(), is_child = 1;
    else if (strcmp(line, "reset\n") == 0 && is_child) _exit(0);
    else if (strncmp(line, "tx ", 3) == 0) receive(), say("ok");
    else say("unsupported");
  }
  return is_child;
}

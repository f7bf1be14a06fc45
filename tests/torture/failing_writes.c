/* Lets writes to the database fail, for a process that is started with this library preloaded.
 *
 * fail_write(n, error, all): the n-th write from now on to a file whose name begins with "monitor.db" fails with this
 * errno; with `all` every later one too. Counts what SQLite does to its files: write, truncate, sync. A disk that is
 * full takes the first half of what is written. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long left = 0;
static int error_number = 0;
static int all_later = 0;
static long failed = 0;

void fail_write(long n, int error, int all) {
    left = n;
    error_number = error;
    all_later = all;
    failed = 0;
}

long failed_writes(void) { return failed; }

static int fails(int fd) {
    char link[64], path[4096];
    if (!error_number) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!strstr(path, "/monitor.db") || strstr(path, ".lock")) return 0;
    if (left > 1) { left--; return 0; }
    if (left == 1 || all_later) { left = all_later ? 1 : 0; failed++; errno = error_number; return 1; }
    return 0;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

static size_t taken(size_t size) { return error_number == ENOSPC ? size / 2 : 0; }

/* -1 as the write would return it, after the part that was taken. */
#define FAILED(part) return (part), errno = error_number, -1

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    if (fails(fd)) FAILED(real(fd, data, taken(size)));
    return real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(pwrite);
    if (fails(fd)) FAILED(real(fd, data, taken(size), at));
    return real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64);
    if (fails(fd)) FAILED(real(fd, data, taken(size), at));
    return real(fd, data, size, at);
}
int ftruncate(int fd, off_t size) { REAL(ftruncate); return fails(fd) ? -1 : real(fd, size); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); return fails(fd) ? -1 : real(fd, size); }
int fsync(int fd) { REAL(fsync); return fails(fd) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(fdatasync); return fails(fd) ? -1 : real(fd); }

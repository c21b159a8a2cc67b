// Preloaded into a process, this writes down everything that it does to the files below
// $RECORD_ROOT, and what it says on its standard output, into the file $RECORD_TO. One lock is held
// over each call and its note, so the notes are one total order: what was said after a flush had
// finished stands after it. Read by recording.ts.
//
// A note: u32 kind, i32 descriptor, i64 offset or flags, u64 begin and end in ns, u32 length of the
// path, u32 length of the data, then both.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, CLOSE, WRITE, TRUNCATE, SYNC, MKDIR, RENAME, LINK, REMOVE, SAY };
enum { DESCRIPTORS = 4096, PATH = 4096 };

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static int notes = -1;
// Which file is followed on each descriptor; 0 for none.
static uint64_t followed[DESCRIPTORS];
static uint64_t began;

static uint64_t nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

__attribute__((constructor)) static void start(void) {
  root = getenv("RECORD_ROOT");
  const char *to = getenv("RECORD_TO");
  if (root && to) notes = syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

static void enter(void) {
  pthread_mutex_lock(&order);
  began = nanos();
}

static void leave(void) { pthread_mutex_unlock(&order); }

static void note(uint32_t kind, int32_t descriptor, int64_t offset, const char *path,
                 const struct iovec *data, int pieces, size_t length) {
  struct __attribute__((packed)) {
    uint32_t kind;
    int32_t descriptor;
    int64_t offset;
    uint64_t began, ended;
    uint32_t pathLength, dataLength;
  } head = {kind, descriptor, offset, began, nanos(), strlen(path), length};
  struct iovec all[80] = {{&head, sizeof head}, {(void *)path, strlen(path)}};
  int count = 2;
  for (int i = 0; i < pieces && length > 0; i++) {
    size_t part = data[i].iov_len < length ? data[i].iov_len : length;
    all[count++] = (struct iovec){data[i].iov_base, part};
    length -= part;
  }
  size_t sum = 0;
  for (int i = 0; i < count; i++) sum += all[i].iov_len;
  if (length > 0 || syscall(SYS_writev, notes, all, count) != (ssize_t)sum) abort();
}

static void noteBare(uint32_t kind, int descriptor, int64_t offset, const char *path) {
  note(kind, descriptor, offset, path, NULL, 0, 0);
}

static uint64_t fileOn(int descriptor) {
  struct stat found;
  if (fstat(descriptor, &found) != 0) return 0;
  return (uint64_t)found.st_dev << 32 ^ found.st_ino;
}

// Node closes files by a bare system call, which is not seen here: the number may be that of a socket,
// an event or another file by now.
static int follows(int descriptor) {
  if (notes < 0 || descriptor < 0 || descriptor >= DESCRIPTORS) return 0;
  return followed[descriptor] != 0 && followed[descriptor] == fileOn(descriptor);
}

// The absolute path of `path`, or "" when it lies outside of the root.
static const char *inside(int directory, const char *path, char *full) {
  if (notes < 0) return "";
  if (path[0] != '/' && directory != AT_FDCWD) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t length = readlink(link, full, PATH - 1);
    if (length < 0) return "";
    snprintf(full + length, PATH - length, "/%s", path);
  } else {
    snprintf(full, PATH, "%s", path);
  }
  return strncmp(full, root, strlen(root)) == 0 ? full : "";
}

#define REAL(result, name, ...)                                                                    \
  static result (*real)(__VA_ARGS__);                                                              \
  if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int opened(int descriptor, int flags, const char *path) {
  if (descriptor < 0 || descriptor >= DESCRIPTORS) return descriptor;
  followed[descriptor] = path[0] ? fileOn(descriptor) : 0;
  if (path[0]) noteBare(OPEN, descriptor, flags, path);
  return descriptor;
}

#define OPENS(name)                                                                                \
  int name(const char *path, int flags, ...) {                                                     \
    REAL(int, #name, const char *, int, ...);                                                      \
    va_list rest;                                                                                  \
    va_start(rest, flags);                                                                         \
    mode_t mode = va_arg(rest, mode_t);                                                            \
    va_end(rest);                                                                                  \
    char full[PATH];                                                                               \
    enter();                                                                                       \
    int descriptor = opened(real(path, flags, mode), flags, inside(AT_FDCWD, path, full));         \
    leave();                                                                                       \
    return descriptor;                                                                             \
  }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                                                                             \
  int name(int directory, const char *path, int flags, ...) {                                      \
    REAL(int, #name, int, const char *, int, ...);                                                 \
    va_list rest;                                                                                  \
    va_start(rest, flags);                                                                         \
    mode_t mode = va_arg(rest, mode_t);                                                            \
    va_end(rest);                                                                                  \
    char full[PATH];                                                                               \
    enter();                                                                                       \
    const char *at = inside(directory, path, full);                                                \
    int descriptor = opened(real(directory, path, flags, mode), flags, at);                        \
    leave();                                                                                       \
    return descriptor;                                                                             \
  }
OPENS_AT(openat)
OPENS_AT(openat64)

static void forget(int descriptor) {
  if (!follows(descriptor)) return;
  noteBare(CLOSE, descriptor, 0, "");
  followed[descriptor] = 0;
}

int close(int descriptor) {
  REAL(int, "close", int);
  enter();
  forget(descriptor);
  int result = real(descriptor);
  leave();
  return result;
}

// A directory that is walked through lets go of its descriptor within the C library.
int closedir(DIR *directory) {
  REAL(int, "closedir", DIR *);
  enter();
  forget(dirfd(directory));
  int result = real(directory);
  leave();
  return result;
}

static void wrote(int descriptor, off_t offset, const struct iovec *data, int pieces, ssize_t n) {
  if (n <= 0 || notes < 0) return;
  if (follows(descriptor)) note(WRITE, descriptor, offset, "", data, pieces, n);
  else if (descriptor == STDOUT_FILENO) note(SAY, descriptor, 0, "", data, pieces, n);
}

// Where `n` bytes went that were just written; in a file that is only appended to nobody knows before.
static off_t behind(int descriptor, ssize_t n) {
  return n > 0 && follows(descriptor) ? lseek(descriptor, 0, SEEK_CUR) - n : 0;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  struct iovec data = {(void *)bytes, length};
  enter();
  ssize_t n = real(descriptor, bytes, length);
  wrote(descriptor, behind(descriptor, n), &data, 1, n);
  leave();
  return n;
}

ssize_t writev(int descriptor, const struct iovec *data, int pieces) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  enter();
  ssize_t n = real(descriptor, data, pieces);
  wrote(descriptor, behind(descriptor, n), data, pieces, n);
  leave();
  return n;
}

#define WRITES_AT(name)                                                                            \
  ssize_t name(int descriptor, const void *bytes, size_t length, off_t offset) {                   \
    REAL(ssize_t, #name, int, const void *, size_t, off_t);                                        \
    struct iovec data = {(void *)bytes, length};                                                   \
    enter();                                                                                       \
    ssize_t n = real(descriptor, bytes, length, offset);                                           \
    wrote(descriptor, offset, &data, 1, n);                                                        \
    leave();                                                                                       \
    return n;                                                                                      \
  }
WRITES_AT(pwrite)
WRITES_AT(pwrite64)

#define WRITES_PIECES_AT(name)                                                                     \
  ssize_t name(int descriptor, const struct iovec *data, int pieces, off_t offset) {               \
    REAL(ssize_t, #name, int, const struct iovec *, int, off_t);                                   \
    enter();                                                                                       \
    ssize_t n = real(descriptor, data, pieces, offset);                                            \
    wrote(descriptor, offset, data, pieces, n);                                                    \
    leave();                                                                                       \
    return n;                                                                                      \
  }
WRITES_PIECES_AT(pwritev)
WRITES_PIECES_AT(pwritev64)

// What succeeds on a descriptor that is followed, with a number beside it.
#define ON_DESCRIPTOR(kind, name, number, parameters, ...)                                         \
  int name parameters {                                                                            \
    static int(*real) parameters;                                                                  \
    if (!real) real = (int(*) parameters)dlsym(RTLD_NEXT, #name);                                  \
    enter();                                                                                       \
    int result = real(__VA_ARGS__);                                                                \
    if (result == 0 && follows(descriptor)) noteBare(kind, descriptor, number, "");                \
    leave();                                                                                       \
    return result;                                                                                 \
  }
ON_DESCRIPTOR(SYNC, fsync, 0, (int descriptor), descriptor)
ON_DESCRIPTOR(SYNC, fdatasync, 0, (int descriptor), descriptor)
ON_DESCRIPTOR(TRUNCATE, ftruncate, length, (int descriptor, off_t length), descriptor, length)
ON_DESCRIPTOR(TRUNCATE, ftruncate64, length, (int descriptor, off_t length), descriptor, length)

// What succeeds on a path below the root.
#define ON_PATH(kind, name, directory, parameters, ...)                                            \
  int name parameters {                                                                            \
    static int(*real) parameters;                                                                  \
    if (!real) real = (int(*) parameters)dlsym(RTLD_NEXT, #name);                                  \
    char full[PATH];                                                                               \
    enter();                                                                                       \
    const char *at = inside(directory, path, full);                                                \
    int result = real(__VA_ARGS__);                                                                \
    if (result == 0 && at[0]) noteBare(kind, -1, 0, at);                                           \
    leave();                                                                                       \
    return result;                                                                                 \
  }
ON_PATH(MKDIR, mkdir, AT_FDCWD, (const char *path, mode_t mode), path, mode)
ON_PATH(REMOVE, unlink, AT_FDCWD, (const char *path), path)
ON_PATH(REMOVE, rmdir, AT_FDCWD, (const char *path), path)
ON_PATH(REMOVE, remove, AT_FDCWD, (const char *path), path)
ON_PATH(REMOVE, unlinkat, directory, (int directory, const char *path, int flags), directory, path,
        flags)

#define ON_TWO_PATHS(kind, name)                                                                   \
  int name(const char *from, const char *to) {                                                     \
    REAL(int, #name, const char *, const char *);                                                  \
    char full[PATH], fullTo[PATH];                                                                 \
    enter();                                                                                       \
    const char *at = inside(AT_FDCWD, from, full);                                                 \
    struct iovec target = {(void *)inside(AT_FDCWD, to, fullTo), 0};                               \
    target.iov_len = strlen(target.iov_base);                                                      \
    int result = real(from, to);                                                                   \
    if (result == 0 && at[0]) note(kind, -1, 0, at, &target, 1, target.iov_len);                   \
    leave();                                                                                       \
    return result;                                                                                 \
  }
ON_TWO_PATHS(RENAME, rename)
ON_TWO_PATHS(LINK, link)

char *mkdtemp(char *path) {
  REAL(char *, "mkdtemp", char *);
  char full[PATH];
  enter();
  char *result = real(path);
  const char *at = inside(AT_FDCWD, path, full);
  if (result && at[0]) noteBare(MKDIR, -1, 0, at);
  leave();
  return result;
}

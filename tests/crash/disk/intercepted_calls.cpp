// The functions of the C library that change files, as this program and the libraries it is linked with call them: each
// goes to the recorder, if one is active, and else to the kernel.
//
// A definition in the program takes the place of the C library's for every shared library, too (ELF symbol
// interposition). Both spellings are here: libraries that were built with large file support call open64 and the like.
// RocksDB also writes with the C library's streams (its LOG): those do not come by here, and nothing depends on them.
//
// Built with large file support this file itself would define open64 where it says open.
#undef _FILE_OFFSET_BITS
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

#include "tests/crash/disk/recorder.h"

namespace {

using tidemark::crash::Recorder;

int opened(const char* path, int flags, mode_t mode) {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->open(path, flags, mode)) return *answer;
  }
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

ssize_t written(int descriptor, const void* bytes, std::size_t size, std::optional<off_t> offset) {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->write(descriptor, bytes, size, offset)) return *answer;
  }
  return offset ? ::syscall(SYS_pwrite64, descriptor, bytes, size, *offset)
                : ::syscall(SYS_write, descriptor, bytes, size);
}

ssize_t read_at(int descriptor, void* bytes, std::size_t size, std::optional<off_t> offset) {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->read(descriptor)) return *answer;
  }
  return offset ? ::syscall(SYS_pread64, descriptor, bytes, size, *offset)
                : ::syscall(SYS_read, descriptor, bytes, size);
}

int resized(int descriptor, off_t size) {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->resize(descriptor, size)) return *answer;
  }
  return static_cast<int>(::syscall(SYS_ftruncate, descriptor, size));
}

int reserved(int descriptor, int mode, off_t offset, off_t size) {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->reserve(descriptor, mode, offset, size)) return *answer;
  }
  return static_cast<int>(::syscall(SYS_fallocate, descriptor, mode, offset, size));
}

int synced(int descriptor, long call) {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->sync(descriptor, call)) return *answer;
  }
  return static_cast<int>(::syscall(call, descriptor));
}

int removed(const char* path, int flags) {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->remove(path, flags)) return *answer;
  }
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, flags));
}

void* mapped(void* address, std::size_t size, int protection, int flags, int descriptor, off_t offset) {
  if (descriptor >= 0) {
    if (auto* recorder = Recorder::active(); recorder != nullptr && recorder->map_fails(descriptor)) return MAP_FAILED;
  }
  return reinterpret_cast<void*>(::syscall(SYS_mmap, address, size, protection, flags, descriptor, offset));
}

mode_t mode_in(int flags, va_list& arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_in(flags, arguments);
  va_end(arguments);
  return opened(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_in(flags, arguments);
  va_end(arguments);
  return opened(path, flags, mode);
}

int close(int descriptor) {
  // First: once it is closed, another thread may get the same number.
  if (auto* recorder = Recorder::active()) recorder->close(descriptor);
  return static_cast<int>(::syscall(SYS_close, descriptor));
}

ssize_t write(int descriptor, const void* bytes, std::size_t size) {
  return written(descriptor, bytes, size, std::nullopt);
}
ssize_t pwrite(int descriptor, const void* bytes, std::size_t size, off_t offset) {
  return written(descriptor, bytes, size, offset);
}
ssize_t pwrite64(int descriptor, const void* bytes, std::size_t size, off64_t offset) {
  return written(descriptor, bytes, size, offset);
}

ssize_t read(int descriptor, void* bytes, std::size_t size) { return read_at(descriptor, bytes, size, std::nullopt); }
ssize_t pread(int descriptor, void* bytes, std::size_t size, off_t offset) {
  return read_at(descriptor, bytes, size, offset);
}
ssize_t pread64(int descriptor, void* bytes, std::size_t size, off64_t offset) {
  return read_at(descriptor, bytes, size, offset);
}

int ftruncate(int descriptor, off_t size) noexcept { return resized(descriptor, size); }
int ftruncate64(int descriptor, off64_t size) noexcept { return resized(descriptor, size); }

int fallocate(int descriptor, int mode, off_t offset, off_t size) { return reserved(descriptor, mode, offset, size); }
int fallocate64(int descriptor, int mode, off64_t offset, off64_t size) {
  return reserved(descriptor, mode, offset, size);
}
// These two answer the error instead of setting errno.
int posix_fallocate(int descriptor, off_t offset, off_t size) {
  return reserved(descriptor, 0, offset, size) == 0 ? 0 : errno;
}
int posix_fallocate64(int descriptor, off64_t offset, off64_t size) {
  return reserved(descriptor, 0, offset, size) == 0 ? 0 : errno;
}

int fsync(int descriptor) { return synced(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return synced(descriptor, SYS_fdatasync); }

int rename(const char* from, const char* to) noexcept {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->rename(from, to)) return *answer;
  }
  return static_cast<int>(::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

int unlink(const char* path) noexcept { return removed(path, 0); }
int rmdir(const char* path) noexcept { return removed(path, AT_REMOVEDIR); }

int mkdir(const char* path, mode_t mode) noexcept {
  if (auto* recorder = Recorder::active()) {
    if (const auto answer = recorder->make_directory(path, mode)) return *answer;
  }
  return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

void* mmap(void* address, std::size_t size, int protection, int flags, int descriptor, off_t offset) noexcept {
  return mapped(address, size, protection, flags, descriptor, offset);
}
void* mmap64(void* address, std::size_t size, int protection, int flags, int descriptor, off64_t offset) noexcept {
  return mapped(address, size, protection, flags, descriptor, offset);
}

}  // extern "C"

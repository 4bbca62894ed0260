#include "tests/crash/disk/recorder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace tidemark::crash {
namespace {

std::atomic<Recorder*> g_active{nullptr};  // C functions have no other way to find it

/// RocksDB's diary: written and closed through stdio, read by people only.
bool is_diary(const std::string& path) {
  const auto name = path.substr(path.rfind('/') + 1);
  return name.starts_with("LOG");
}

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int failed(int error) {
  errno = error;
  return -1;
}

}  // namespace

Recorder* Recorder::active() { return g_active.load(std::memory_order_acquire); }

Recorder::Recorder(std::filesystem::path root, const SimulatedDisk& disk, std::uint64_t position)
    : root_(std::move(root)),
      names_(disk.names()),
      directories_(disk.directories()),
      next_file_(disk.next_file()),
      position_(position) {
  if (g_active.exchange(this) != nullptr) throw std::logic_error("two recorders at a time");
}

Recorder::~Recorder() { g_active.store(nullptr); }

std::uint64_t Recorder::position() const {
  const std::scoped_lock lock(mutex_);
  return position_;
}

Trace Recorder::take_trace() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(trace_, {});
}

void Recorder::inject(Fault fault) {
  const std::scoped_lock lock(mutex_);
  fault_ = fault;
  calls_ = 0;
}

void Recorder::heal() {
  const std::scoped_lock lock(mutex_);
  fault_ = {};
  torn_ = false;
}

std::string Recorder::faulted() const {
  const std::scoped_lock lock(mutex_);
  return faulted_;
}

std::uint64_t Recorder::faults() const {
  const std::scoped_lock lock(mutex_);
  return faults_;
}

std::string Recorder::missed(const SimulatedDisk& disk) const {
  const auto image = disk.current();
  for (const auto& [path, bytes] : image.files) {
    if (is_diary(path)) continue;
    if (!std::filesystem::exists(root_ / path)) return path + " is not there";
    if (content(root_ / path) != bytes) return path + " differs";
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
    const auto path = entry.path().lexically_relative(root_).string();
    const bool known = entry.is_directory() ? image.directories.contains(path) : image.files.contains(path);
    if (!known && !is_diary(path) && !is_shared_memory(path)) return path + " came from nowhere";
  }
  return {};
}

// --- what is ours ------------------------------------------------------------------------------------------------------

std::optional<std::string> Recorder::inside(const char* path) const {
  const std::filesystem::path whole(path);
  if (!whole.is_absolute()) return std::nullopt;
  auto relative = whole.lexically_normal().lexically_relative(root_).string();
  if (relative == ".") return std::string();
  if (relative.empty() || relative.starts_with("..")) return std::nullopt;
  if (relative.ends_with('/')) relative.pop_back();
  return relative;
}

const Recorder::OpenFile* Recorder::find(int descriptor) {
  const auto found = open_.find(descriptor);
  if (found == open_.end()) return nullptr;
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && status.st_dev == found->second.device &&
      status.st_ino == found->second.inode) {
    return &found->second;
  }
  open_.erase(found);
  return nullptr;
}

void Recorder::remember(int descriptor, FileId file, std::string path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return;
  open_[descriptor] = {file, std::move(path), S_ISDIR(status.st_mode), status.st_dev, status.st_ino};
}

void Recorder::record(Change change) {
  change.position = position_++;
  trace_.push_back(std::make_shared<const Change>(std::move(change)));
}

bool Recorder::hit(const char* call, const std::string& path) {
  if (!path.ends_with(fault_.only)) return false;
  ++calls_;
  if (fault_.nth == 0 || (fault_.for_good ? calls_ < fault_.nth : calls_ != fault_.nth)) return false;
  ++faults_;
  if (faulted_.empty()) {
    faulted_ = fmt::format("{} of {} (call {}, errno {})", call, path, calls_, fault_.error);
    // For the case that the process does not live to tell it.
    const auto line = fmt::format("{}{}\n", kFaultedLine, faulted_);
    static_cast<void>(::syscall(SYS_write, STDERR_FILENO, line.data(), line.size()));
  }
  return true;
}

std::optional<int> Recorder::fails(const char* call, const std::string& path, Need need) {
  if (fault_.how == Fault::How::error_on_read) return std::nullopt;
  if (fault_.error == ENOSPC && need != Need::space) return std::nullopt;
  if (!hit(call, path) || fault_.how == Fault::How::short_write) return std::nullopt;
  return fault_.error;
}

// --- the calls ---------------------------------------------------------------------------------------------------------

std::optional<int> Recorder::open(const char* path, int flags, mode_t mode) {
  const std::scoped_lock lock(mutex_);
  const auto name = inside(path);
  if (!name || is_diary(*name)) return std::nullopt;
  const auto known = names_.find(*name);
  const bool creates = (flags & O_CREAT) != 0 && known == names_.end() && !std::filesystem::exists(path);
  if (const auto error = fails("open", *name, creates ? Need::space : Need::anything)) return failed(*error);
  const int descriptor = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (descriptor < 0) return descriptor;
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    remember(descriptor, 0, *name);
  } else if (known == names_.end()) {
    const auto file = next_file_++;
    record({.kind = Change::Kind::create, .file = file, .path = *name});
    names_[*name] = file;
    remember(descriptor, file, *name);
  } else {
    if ((flags & O_TRUNC) != 0) record({.kind = Change::Kind::resize, .file = known->second, .offset = 0});
    remember(descriptor, known->second, *name);
  }
  return descriptor;
}

void Recorder::close(int descriptor) {
  const std::scoped_lock lock(mutex_);
  open_.erase(descriptor);
}

std::optional<ssize_t> Recorder::write(int descriptor, const void* bytes, std::size_t size,
                                       std::optional<off_t> offset) {
  const std::scoped_lock lock(mutex_);
  const auto* file = find(descriptor);
  if (file == nullptr) return std::nullopt;
  if (fault_.how != Fault::How::error_on_read) {
    if (std::exchange(torn_, false)) {
      ++faults_;
      return failed(fault_.error);
    }
    if (hit("write", file->path)) {
      const bool half = fault_.how != Fault::How::error && size > 1;
      if (!half && fault_.how != Fault::How::short_write) return failed(fault_.error);
      torn_ = half && fault_.how == Fault::How::torn_write;
      if (half) size /= 2;
    }
  }
  const auto where = offset ? *offset : ::syscall(SYS_lseek, descriptor, 0, SEEK_CUR);
  const auto written = offset ? ::syscall(SYS_pwrite64, descriptor, bytes, size, *offset)
                              : ::syscall(SYS_write, descriptor, bytes, size);
  if (written > 0) {
    record({.kind = Change::Kind::write,
            .file = file->file,
            .offset = static_cast<std::uint64_t>(where),
            .bytes = std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(written))});
  }
  return written;
}

std::optional<ssize_t> Recorder::read(int descriptor) {
  const std::scoped_lock lock(mutex_);
  const auto* file = find(descriptor);
  if (file == nullptr || fault_.how != Fault::How::error_on_read || !hit("read", file->path)) return std::nullopt;
  return failed(fault_.error);
}

std::optional<int> Recorder::resize(int descriptor, off_t size) {
  const std::scoped_lock lock(mutex_);
  const auto* file = find(descriptor);
  if (file == nullptr) return std::nullopt;
  struct stat status {};
  const bool grows = ::fstat(descriptor, &status) == 0 && status.st_size < size;
  if (const auto error = fails("ftruncate", file->path, grows ? Need::space : Need::anything)) return failed(*error);
  const int done = static_cast<int>(::syscall(SYS_ftruncate, descriptor, size));
  if (done == 0) {
    record({.kind = Change::Kind::resize, .file = file->file, .offset = static_cast<std::uint64_t>(size)});
  }
  return done;
}

std::optional<int> Recorder::reserve(int descriptor, int mode, off_t offset, off_t size) {
  const std::scoped_lock lock(mutex_);
  const auto* file = find(descriptor);
  if (file == nullptr) return std::nullopt;
  if (const auto error = fails("fallocate", file->path, Need::space)) return failed(*error);
  const int done = static_cast<int>(::syscall(SYS_fallocate, descriptor, mode, offset, size));
  struct stat status {};
  if (done == 0 && (mode & FALLOC_FL_KEEP_SIZE) == 0 && ::fstat(descriptor, &status) == 0) {
    record({.kind = Change::Kind::resize, .file = file->file, .offset = static_cast<std::uint64_t>(status.st_size)});
  }
  return done;
}

std::optional<int> Recorder::sync(int descriptor, long call) {
  const std::scoped_lock lock(mutex_);
  const auto* file = find(descriptor);
  if (file == nullptr) return std::nullopt;
  if (const auto error = fails(file->directory ? "fsync of directory" : "fsync", file->path, Need::space)) {
    if (!file->directory) record({.kind = Change::Kind::sync_failed, .file = file->file});
    return failed(*error);
  }
  const int done = static_cast<int>(::syscall(call, descriptor));
  if (done == 0 && file->directory) record({.kind = Change::Kind::sync_directory, .path = file->path});
  if (done == 0 && !file->directory) record({.kind = Change::Kind::sync, .file = file->file});
  return done;
}

std::optional<int> Recorder::rename(const char* from, const char* to) {
  const std::scoped_lock lock(mutex_);
  const auto old_name = inside(from);
  const auto new_name = inside(to);
  if (!old_name || !new_name) return std::nullopt;
  if (const auto error = fails("rename", *old_name, Need::space)) return failed(*error);
  const int done = static_cast<int>(::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
  const auto known = names_.find(*old_name);
  if (done != 0 || known == names_.end()) return done;
  record({.kind = Change::Kind::move, .path = *old_name, .to = *new_name});
  const auto file = known->second;
  names_.erase(known);
  names_[*new_name] = file;
  return done;
}

std::optional<int> Recorder::remove(const char* path, int flags) {
  const std::scoped_lock lock(mutex_);
  const auto name = inside(path);
  if (!name) return std::nullopt;
  if (const auto error = fails("unlink", *name, Need::anything)) return failed(*error);
  const int done = static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, flags));
  if (done == 0 && names_.erase(*name) + directories_.erase(*name) > 0) {
    record({.kind = Change::Kind::remove, .path = *name});
  }
  return done;
}

std::optional<int> Recorder::make_directory(const char* path, mode_t mode) {
  const std::scoped_lock lock(mutex_);
  const auto name = inside(path);
  if (!name) return std::nullopt;
  if (const auto error = fails("mkdir", *name, Need::space)) return failed(*error);
  const int done = static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
  if (done == 0) {
    directories_.insert(*name);
    record({.kind = Change::Kind::make_directory, .path = *name});
  }
  return done;
}

bool Recorder::map_fails(int descriptor) {
  const std::scoped_lock lock(mutex_);
  const auto* file = find(descriptor);
  if (file == nullptr) return false;
  const auto error = fails("mmap", file->path, Need::anything);
  if (error) errno = *error == EIO ? ENOMEM : *error;  // what mmap does answer
  return error.has_value();
}

}  // namespace tidemark::crash

#include "backends/rocksdb/checked_files.h"

#include <fmt/format.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "backends/rocksdb/manifest_note.h"
#include "backends/rocksdb/table_check.h"
#include "src/base/crc32c.h"
#include "src/base/journal.h"
#include "src/base/limits.h"

namespace tidemark::rocks {
namespace {

constexpr std::size_t kReadBytes = 64 * limits::kKiB;

rocksdb::IOStatus status_of(const Error& error) {
  return error.code == ErrorCode::out_of_space ? rocksdb::IOStatus::NoSpace(error.context)
                                               : rocksdb::IOStatus::IOError(error.context);
}

rocksdb::IOStatus of_file(const rocksdb::IOStatus& status, const std::string& name) {
  return status.IsCorruption() ? rocksdb::IOStatus::Corruption(status.getState(), name) : status;
}

std::string base_name(const std::string& name) { return std::filesystem::path(name).filename().string(); }
bool is_manifest(const std::string& name) { return base_name(name).starts_with("MANIFEST-"); }

/// Of the first so many bytes, or of all there are if they are fewer.
rocksdb::IOStatus measure(rocksdb::FSSequentialFile& file, std::uint64_t bytes, ManifestNote::Extent& extent) {
  std::string buffer(kReadBytes, '\0');
  for (extent = {}; extent.bytes < bytes;) {
    rocksdb::Slice got;
    auto status = file.Read(std::min<std::uint64_t>(buffer.size(), bytes - extent.bytes), rocksdb::IOOptions(), &got,
                            buffer.data(), nullptr);
    if (!status.ok() || got.empty()) return status;
    extent.checksum = crc32c(extent.checksum, {got.data(), got.size()});
    extent.bytes += got.size();
  }
  return rocksdb::IOStatus::OK();
}

/// Its first so many bytes.
class Beginning final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  Beginning(std::unique_ptr<rocksdb::FSSequentialFile>&& file, std::uint64_t bytes)
      : rocksdb::FSSequentialFileOwnerWrapper(std::move(file)), left_(bytes) {}

  rocksdb::IOStatus Read(std::size_t size, const rocksdb::IOOptions& options, rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext* debug) override {
    auto status = target()->Read(std::min(size, left_), options, result, scratch, debug);
    if (status.ok()) left_ -= result->size();
    return status;
  }
  rocksdb::IOStatus Skip(std::uint64_t bytes) override {
    bytes = std::min(bytes, left_);
    left_ -= bytes;
    return target()->Skip(bytes);
  }

 private:
  std::uint64_t left_;
};

class Manifest final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  Manifest(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string name, ManifestNote& note)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), note_(note) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    return counted(target()->Append(data, options, debug), data);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& verification, rocksdb::IODebugContext* debug) override {
    return counted(target()->Append(data, options, verification, debug), data);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return noted(target()->Sync(options, debug));
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return noted(target()->Fsync(options, debug));
  }

 private:
  rocksdb::IOStatus counted(rocksdb::IOStatus status, const rocksdb::Slice& data) {
    if (status.ok()) {
      written_.bytes += data.size();
      written_.checksum = crc32c(written_.checksum, {data.data(), data.size()});
    }
    return status;
  }
  rocksdb::IOStatus noted(rocksdb::IOStatus status) {
    if (!status.ok()) return status;
    const auto noted = note_.note(name_, written_);
    return noted ? status : status_of(noted.error());
  }

  const std::string name_;
  ManifestNote& note_;
  ManifestNote::Extent written_;
};

class CheckedFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit CheckedFiles(const std::shared_ptr<rocksdb::FileSystem>& files) : rocksdb::FileSystemWrapper(files) {}
  const char* Name() const override { return "CheckedFiles"; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override {
    auto status = target()->NewRandomAccessFile(name, options, file, debug);
    if (!status.ok() || !name.ends_with(".sst")) return status;
    std::uint64_t bytes = 0;
    status = target()->GetFileSize(name, options.io_options, &bytes, debug);
    if (status.ok()) status = of_file(check_table(**file, bytes), name);
    if (!status.ok()) file->reset();
    return status;
  }

  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override {
    auto status = target()->NewSequentialFile(name, options, file, debug);
    if (!status.ok() || !is_manifest(name)) return status;
    const auto durable = note_of(name).durable(base_name(name));
    if (!durable) journal::warning("manifest-unchecked", {{"cause", durable.error().context}});
    if (!durable || !*durable) return status;
    ManifestNote::Extent found;
    status = measure(**file, (*durable)->bytes, found);
    if (status.ok() && found != **durable) {
      status = rocksdb::IOStatus::Corruption("it is not what was written", name);
    }
    // It has no way back to its beginning.
    if (status.ok()) status = target()->NewSequentialFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<Beginning>(std::move(*file), found.bytes);
    return status;
  }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    auto status = target()->NewWritableFile(name, options, file, debug);
    if (status.ok() && is_manifest(name)) {
      *file = std::make_unique<Manifest>(std::move(*file), base_name(name), note_of(name));
    }
    return status;
  }

  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    auto status = target()->RenameFile(from, to, options, debug);
    if (status.ok() && note_ && base_name(to) == "CURRENT") note_->on_current();
    return status;
  }

 private:
  ManifestNote& note_of(const std::string& manifest) {
    if (!note_) note_.emplace(std::filesystem::path(manifest).parent_path());
    return *note_;
  }

  std::optional<ManifestNote> note_;  // of the one database
};

}  // namespace

std::unique_ptr<rocksdb::Env> checked_files(rocksdb::Env* env) {
  const auto& files = env != nullptr ? env->GetFileSystem() : rocksdb::FileSystem::Default();
  return rocksdb::NewCompositeEnv(std::make_shared<CheckedFiles>(files));
}

}  // namespace tidemark::rocks

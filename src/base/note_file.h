// A small text file of two lines, written one at a time: each stands in a disk sector of its own and has its checksum, so
// that a write torn by a crash leaves the other one.
//
//   3f9c2a7be01d4c58.17 e3069283     (filled up with blanks)
//
// One thread at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/error.h"

namespace tidemark {

class NoteFile {
 public:
  static constexpr int kLines = 2;
  /// Longest text of a line, in bytes.
  static constexpr std::size_t kTextBytes = 54;

  /// Opens it for writing, or creates it. Errors: io, out_of_space, with the file's name and advice.
  [[nodiscard]] static Result<NoteFile> open(std::filesystem::path file);
  /// Neither creates nor changes it; nothing if it is not there.
  [[nodiscard]] static Result<std::optional<NoteFile>> open_read_only(std::filesystem::path file);

  NoteFile(NoteFile&& other) noexcept;
  NoteFile& operator=(NoteFile&&) = delete;
  ~NoteFile();

  /// Nothing if the line was never written, or is damaged.
  [[nodiscard]] Result<std::optional<std::string>> line(int number) const;
  /// In the kernel's hands when it returns: it survives the process, and with flush() a power cut. `text` has no blank at
  /// its end and at most kTextBytes.
  [[nodiscard]] Result<void> write(int number, std::string_view text);
  [[nodiscard]] Result<void> flush();
  /// Somebody deleted it.
  [[nodiscard]] bool is_deleted() const;

  [[nodiscard]] const std::filesystem::path& path() const { return file_; }

 private:
  NoteFile(std::filesystem::path file, int descriptor);
  [[nodiscard]] std::unexpected<Error> failure(std::string_view doing) const;

  std::filesystem::path file_;
  int descriptor_;
};

}  // namespace tidemark

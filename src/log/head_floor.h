// The head floor: the newest acknowledged offset, noted outside of the engine's own files.
//
// An engine whose write-ahead log is damaged in the middle opens without a word, only shorter (measured: a flipped
// byte, 49 of 100 commits left, integrity check fine), and so does an older copy put in its place. The floor tells:
// example, the floor says 100 and the engine opens with head 49, so 51 acknowledged records are missing.
//
// A small file beside the engine's, its two lines (base/note_file.h) written in turn. It is not flushed at every commit: it survives the death of the process, and a power cut may set it
// back by half a minute; it never claims more than was durable. The appending thread owns it.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "src/base/epoch.h"
#include "src/base/error.h"
#include "src/base/note_file.h"
#include "src/base/offset.h"

namespace tidemark {

class HeadFloor {
 public:
  struct Note {
    Epoch epoch;
    Offset head;
    /// Whether it speaks of the log of this epoch. Epoch() is one that is too damaged to tell: it does.
    [[nodiscard]] bool counts_for(Epoch log) const { return log == epoch || log == Epoch(); }
    friend bool operator==(const Note&, const Note&) = default;
  };

  /// Refuses, as `corrupt`, a log in `directory` of this epoch and head, where more of it was acknowledged as noted.
  [[nodiscard]] static Result<void> check(const std::optional<Note>& noted, Note opened,
                                          const std::filesystem::path& directory);

  static constexpr auto kFileName = "tidemark.head";

  /// What DIRECTORY/tidemark.head says, without creating or changing it; nothing if it is not there or damaged.
  [[nodiscard]] static Result<std::optional<Note>> read(const std::filesystem::path& directory);

  /// Opens or creates DIRECTORY/tidemark.head.
  [[nodiscard]] static Result<HeadFloor> open(const std::filesystem::path& directory);
  /// The same with its own note.
  [[nodiscard]] Result<void> check(Note opened) const;

  /// What was noted last; nothing in a new or damaged file.
  [[nodiscard]] std::optional<Note> noted() const { return noted_; }
  [[nodiscard]] Result<void> note(Note note);
  /// Somebody deleted the file, so most likely its directory: the notes reach nobody any more.
  [[nodiscard]] bool is_deleted() const { return file_.is_deleted(); }
  /// Makes the last note survive a power cut.
  [[nodiscard]] Result<void> flush() { return file_.flush(); }

 private:
  explicit HeadFloor(NoteFile file) : file_(std::move(file)) {}
  [[nodiscard]] Result<void> load();

  NoteFile file_;
  std::optional<Note> noted_;
  int next_line_ = 0;
};

}  // namespace tidemark

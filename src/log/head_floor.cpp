#include "src/log/head_floor.h"

#include <fmt/format.h>

#include "src/base/position.h"

namespace tidemark {

Result<std::optional<HeadFloor::Note>> HeadFloor::read(const std::filesystem::path& directory) {
  auto file = NoteFile::open_read_only(directory / kFileName);
  if (!file) return std::unexpected(file.error());
  if (!*file) return std::nullopt;
  HeadFloor floor(std::move(**file));
  if (auto loaded = floor.load(); !loaded) return std::unexpected(loaded.error());
  return floor.noted_;
}

Result<HeadFloor> HeadFloor::open(const std::filesystem::path& directory) {
  auto file = NoteFile::open(directory / kFileName);
  if (!file) return std::unexpected(file.error());
  HeadFloor floor(std::move(*file));
  if (auto loaded = floor.load(); !loaded) return std::unexpected(loaded.error());
  return floor;
}

Result<void> HeadFloor::load() {
  for (int line = 0; line < NoteFile::kLines; ++line) {
    const auto text = file_.line(line);
    if (!text) return std::unexpected(text.error());
    const auto position = *text ? Position::parse(**text) : std::nullopt;
    if (!position) continue;
    if (noted_ && noted_->head >= position->offset) continue;
    noted_ = Note{position->epoch, position->offset};
    next_line_ = (line + 1) % NoteFile::kLines;
  }
  return {};
}

Result<void> HeadFloor::check(Note opened) const { return check(noted_, opened, file_.path().parent_path()); }

Result<void> HeadFloor::check(const std::optional<Note>& noted, Note opened, const std::filesystem::path& directory) {
  if (!noted || !noted->counts_for(opened.epoch) || noted->head <= opened.head) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("the log in {} ends at offset {} but {} was acknowledged: {} records are missing; restore it "
                          "from a copy, or accept the loss with 'tidemark repair'",
                          directory.string(), opened.head.value(), noted->head.value(),
                          noted->head.value() - opened.head.value()));
}

Result<void> HeadFloor::note(Note note) {
  // Both lines are of the same epoch: the first note of a new one writes both.
  const bool new_epoch = !noted_ || noted_->epoch != note.epoch;
  const auto text = Position{note.epoch, note.head}.text();
  for (int lines = new_epoch ? NoteFile::kLines : 1; lines > 0; --lines) {
    if (auto written = file_.write(next_line_, text); !written) return written;
    next_line_ = (next_line_ + 1) % NoteFile::kLines;
  }
  noted_ = note;
  return {};
}

}  // namespace tidemark

#include "tests/crash/disk/simulated_disk.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

namespace tidemark::crash {
namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

const char* name(Survival survival) {
  switch (survival) {
    case Survival::nothing: return "nothing";
    case Survival::everything: return "everything";
    case Survival::prefix: return "prefix";
    case Survival::prefix_of_each: return "prefix of each";
    case Survival::scattered: return "scattered";
    case Survival::few_lost: return "few lost";
  }
  return "?";
}

bool is_shared_memory(const std::string& path) { return path.ends_with("-shm"); }

void Image::write_to(const std::filesystem::path& root) const {
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root);
  for (const auto& directory : directories) std::filesystem::create_directories(root / directory);
  for (const auto& [path, bytes] : files) {
    std::ofstream out(root / path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + (root / path).string());
  }
}

// --- which changes are in ----------------------------------------------------------------------------------------------

/// A sector holds the first so many of its file's pending changes, the size likewise.
class SimulatedDisk::Versions {
 public:
  static Versions all() { return Versions(kNever); }
  explicit Versions(std::uint64_t of_all) : of_all_(of_all) {}

  /// Draws for the sectors and the size of a file what `survival` says.
  static Versions draw(const File& file, Dice& dice, Survival survival, std::uint64_t moment) {
    const auto count = file.pending.size();
    const auto before = [&](std::uint64_t position) {
      return static_cast<std::uint64_t>(
          std::ranges::count_if(file.pending, [&](const auto& change) { return change->position < position; }));
    };
    const auto any = [&]() -> std::uint64_t {
      if (dice.chance(1, 3)) return 0;
      return dice.chance(1, 2) ? count : dice.between(0, count);
    };
    switch (survival) {
      case Survival::nothing: return Versions(0);
      case Survival::everything: return all();
      case Survival::prefix: return torn(file, dice, before(moment));
      case Survival::prefix_of_each: return torn(file, dice, dice.between(0, count));
      case Survival::scattered: {
        Versions versions(0);
        for_each_sector(file, [&](std::uint64_t sector) { versions.of_sector_[sector] = any(); });
        versions.of_size_ = any();
        return versions;
      }
      case Survival::few_lost: {
        Versions versions(count);
        for_each_sector(file, [&](std::uint64_t sector) {
          if (dice.chance(1, 12)) versions.of_sector_[sector] = any();
        });
        if (dice.chance(1, 12)) versions.of_size_ = any();
        return versions;
      }
    }
    return all();
  }

  [[nodiscard]] std::uint64_t of_sector(std::uint64_t sector) const {
    const auto found = of_sector_.find(sector);
    return found == of_sector_.end() ? of_all_ : found->second;
  }
  [[nodiscard]] std::uint64_t of_size() const { return of_size_.value_or(of_all_); }

  template <class Visit>
  static void for_each_sector(const File& file, Visit visit) {
    for (const auto& change : file.pending) {
      if (change->kind == Change::Kind::write) for_each_sector(*change, visit);
    }
  }
  template <class Visit>
  static void for_each_sector(const Change& write, Visit visit) {
    if (write.bytes.empty()) return;
    const auto last = (write.offset + write.bytes.size() - 1) / kSectorBytes;
    for (auto sector = write.offset / kSectorBytes; sector <= last; ++sector) visit(sector);
  }

 private:
  /// The first `count` changes, and of the one after them some sectors.
  static Versions torn(const File& file, Dice& dice, std::uint64_t count) {
    Versions versions(count);
    if (count < file.pending.size()) {
      for_each_sector(*file.pending[count], [&](std::uint64_t sector) {
        if (dice.chance(1, 2)) versions.of_sector_[sector] = count + 1;
      });
      if (dice.chance(1, 2)) versions.of_size_ = count + 1;
    }
    return versions;
  }

  std::uint64_t of_all_;
  std::optional<std::uint64_t> of_size_;
  std::map<std::uint64_t, std::uint64_t> of_sector_;
};

std::string SimulatedDisk::assemble(const File& file, bool with_stuck, const Versions& versions) {
  std::string bytes = file.durable;
  if (with_stuck) {
    for (const auto& [sector, stuck] : file.stuck) {
      const auto begin = sector * kSectorBytes;
      if (bytes.size() < begin + stuck.size()) bytes.resize(begin + stuck.size());
      bytes.replace(begin, stuck.size(), stuck);
    }
  }
  std::uint64_t size = bytes.size();        // after the changes so far
  std::uint64_t final_size = bytes.size();  // as of the size's version
  for (std::uint64_t i = 0; i < file.pending.size(); ++i) {
    const Change& change = *file.pending[i];
    if (change.kind == Change::Kind::write) {
      size = std::max(size, change.offset + change.bytes.size());
      if (bytes.size() < size) bytes.resize(size);
      Versions::for_each_sector(change, [&](std::uint64_t sector) {
        if (i >= versions.of_sector(sector)) return;
        const auto begin = std::max(change.offset, sector * kSectorBytes);
        const auto end = std::min(change.offset + change.bytes.size(), (sector + 1) * kSectorBytes);
        bytes.replace(begin, end - begin, change.bytes, begin - change.offset, end - begin);
      });
    } else {
      size = change.offset;
      // What lies beyond reads as zeros if the file grows again.
      for (auto begin = size; begin < bytes.size();) {
        const auto sector = begin / kSectorBytes;
        const auto end = std::min<std::uint64_t>(bytes.size(), (sector + 1) * kSectorBytes);
        if (i < versions.of_sector(sector))
          std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                    bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
        begin = end;
      }
    }
    if (i < versions.of_size()) final_size = size;
  }
  bytes.resize(final_size);
  return bytes;
}

std::string SimulatedDisk::content(const File& file) { return assemble(file, true, Versions::all()); }

// --- changes -----------------------------------------------------------------------------------------------------------

SimulatedDisk::SimulatedDisk(const Image& image) {
  durable_names_.directories = image.directories;
  for (const auto& [path, bytes] : image.files) {
    durable_names_.files[path] = next_file_;
    files_[next_file_++].durable = bytes;
  }
  current_names_ = durable_names_;
}

void SimulatedDisk::Names::apply(const Change& change) {
  switch (change.kind) {
    case Change::Kind::create: files[change.path] = change.file; break;
    case Change::Kind::make_directory: directories.insert(change.path); break;
    case Change::Kind::remove:
      files.erase(change.path);
      directories.erase(change.path);
      break;
    case Change::Kind::move:
      if (const auto found = files.find(change.path); found != files.end()) {
        const auto file = found->second;
        files.erase(found);
        files[change.to] = file;
      }
      break;
    default: break;
  }
}

void SimulatedDisk::apply(const std::shared_ptr<const Change>& change) {
  switch (change->kind) {
    case Change::Kind::write:
    case Change::Kind::resize: files_[change->file].pending.push_back(change); break;
    case Change::Kind::sync: {
      const auto honest = current_names_.files.find(honest_file_);
      if (lies_ && (honest == current_names_.files.end() || honest->second != change->file)) break;
      flush(files_[change->file]);
      break;
    }
    case Change::Kind::sync_failed: fail_flush(files_[change->file]); break;
    case Change::Kind::sync_directory: flush_directory(change->path); break;
    default:
      current_names_.apply(*change);
      pending_names_.push_back(change);
      next_file_ = std::max(next_file_, change->file + 1);
  }
}

/// A sector that was written again is written whole, also what an earlier failure had left of it.
void SimulatedDisk::flush(File& file) {
  Versions::for_each_sector(file, [&](std::uint64_t sector) {
    const auto stuck = file.stuck.find(sector);
    if (stuck == file.stuck.end()) return;
    const auto begin = sector * kSectorBytes;
    if (file.durable.size() < begin + stuck->second.size()) file.durable.resize(begin + stuck->second.size());
    file.durable.replace(begin, stuck->second.size(), stuck->second);
    file.stuck.erase(stuck);
  });
  for (const auto& change : file.pending) {
    if (change->kind != Change::Kind::resize) continue;
    std::erase_if(file.stuck, [&](const auto& entry) { return entry.first * kSectorBytes >= change->offset; });
  }
  file.durable = assemble(file, false, Versions::all());
  file.pending.clear();
}

void SimulatedDisk::fail_flush(File& file) {
  const auto bytes = content(file);
  Versions::for_each_sector(file, [&](std::uint64_t sector) {
    const auto begin = sector * kSectorBytes;
    if (begin < bytes.size()) file.stuck[sector] = bytes.substr(begin, kSectorBytes);
  });
  file.pending.clear();
}

void SimulatedDisk::flush_directory(const std::string& directory) {
  Changes rest;
  for (const auto& change : pending_names_) {
    if (parent(change->path) == directory) {
      durable_names_.apply(*change);
    } else {
      rest.push_back(change);
    }
  }
  pending_names_ = std::move(rest);
}

bool SimulatedDisk::has_unflushed() const {
  return !pending_names_.empty() || std::ranges::any_of(files_, [](const auto& entry) {
    return !entry.second.pending.empty() || !entry.second.stuck.empty();
  });
}

// --- after the cut -----------------------------------------------------------------------------------------------------

std::uint64_t SimulatedDisk::draw_moment(Dice& dice) const {
  std::uint64_t oldest = kNever;
  std::uint64_t newest = 0;
  const auto look_at = [&](const Changes& changes) {
    for (const auto& change : changes) {
      oldest = std::min(oldest, change->position);
      newest = std::max(newest, change->position);
    }
  };
  look_at(pending_names_);
  for (const auto& [id, file] : files_) look_at(file.pending);
  return oldest == kNever ? 0 : dice.between(oldest, newest + 1);
}

SimulatedDisk::Names SimulatedDisk::surviving_names(Dice& dice, Survival survival, std::uint64_t moment) const {
  std::size_t count = pending_names_.size();
  switch (survival) {
    case Survival::nothing: count = 0; break;
    case Survival::everything: break;
    case Survival::prefix:
      count = static_cast<std::size_t>(
          std::ranges::count_if(pending_names_, [&](const auto& change) { return change->position < moment; }));
      break;
    case Survival::prefix_of_each:
    case Survival::scattered: count = dice.between(0, count); break;
    case Survival::few_lost:
      if (dice.chance(1, 4)) count = dice.between(0, count);
      break;
  }
  auto names = durable_names_;
  for (std::size_t i = 0; i < count; ++i) names.apply(*pending_names_[i]);
  return names;
}

Image SimulatedDisk::survive(Dice& dice, Survival survival) const {
  const auto moment = draw_moment(dice);
  const auto names = surviving_names(dice, survival, moment);
  Image image;
  const auto has_parents = [&](const std::string& path) {
    for (auto up = parent(path); !up.empty(); up = parent(up)) {
      if (!names.directories.contains(up)) return false;
    }
    return true;
  };
  for (const auto& directory : names.directories) {
    if (has_parents(directory)) image.directories.insert(directory);
  }
  for (const auto& [path, id] : names.files) {
    if (!has_parents(path)) continue;
    const auto found = files_.find(id);
    static const File kEmpty;
    const File& file = found == files_.end() ? kEmpty : found->second;
    if (is_shared_memory(path)) {
      // Where it lies on a real file system, anything may be left of it.
      if (survival != Survival::nothing && dice.chance(1, 2)) image.files[path] = dice.bytes(dice.between(0, 40'000));
      continue;
    }
    if (path == kept_file_) {
      image.files[path] = content(file);
      continue;
    }
    const bool with_stuck = survival == Survival::everything || (survival != Survival::nothing && dice.chance(1, 2));
    image.files[path] = assemble(file, with_stuck, Versions::draw(file, dice, survival, moment));
  }
  return image;
}

Image SimulatedDisk::current() const {
  Image image;
  image.directories = current_names_.directories;
  for (const auto& [path, id] : current_names_.files) {
    if (is_shared_memory(path)) continue;
    const auto found = files_.find(id);
    image.files[path] = found == files_.end() ? std::string() : content(found->second);
  }
  return image;
}

}  // namespace tidemark::crash

// A directory for simulated disks: in memory where there is such a file system, since nothing there needs a real flush.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace tidemark::crash {

class Scratch {
 public:
  Scratch() {
    const bool in_memory = ::access("/dev/shm", W_OK | X_OK) == 0;
    const auto base = in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    auto pattern = (base / "tidemark-crash-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
    path_ = std::filesystem::canonical(pattern);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tidemark::crash

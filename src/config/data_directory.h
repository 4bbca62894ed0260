// The data directory: one server at a time, one secret, one engine.
//
//   DATA/lock               held with flock while a server or a command uses the log; says the server's process and
//                           address, for a second one's error. DATA itself is locked the same way, for those who look
//                           into a copy that has no lock file
//   DATA/secret.key         32 random bytes that sign session ids; stays, so that sessions outlive a restart
//   DATA/tidemark.sqlite3   the log, if the engine is sqlite
//   DATA/rocksdb/           the log, if the engine is rocksdb
//   DATA/repair.*           while a repair is under way, see log_swap.h
//
// Opened by main before the store and destroyed after it. One owner, one thread. The memory engine needs none of this:
// it takes random_secret().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/error.h"

namespace tidemark {

inline constexpr auto kSecretKeyFileName = "secret.key";

/// Whether a file of this name in a data directory is one that tidemark writes there itself: the lock, the key, a log's.
[[nodiscard]] bool is_name_of_ours(std::string_view file);

using SecretKey = std::array<std::byte, 32>;

/// From the kernel's random source. Throws std::runtime_error if there is none (start-up only).
[[nodiscard]] SecretKey random_secret();

class DataDirectory {
 public:
  /// For a server: creates the directory (mode 0700) if it is missing, proves that it can be written, locks it, finishes
  /// a repair that was interrupted and loads or creates the secret. Errors, each with a sentence that says what to do: locked (another server uses it: names its process
  /// and address), io (not a directory, not writable, no locks on this file system), foreign (a secret.key that is not
  /// ours to use: wrong size, or readable by others).
  [[nodiscard]] static Result<DataDirectory> open(const std::filesystem::path& directory);

  /// For a command that changes the log of an existing directory: as open(), without the secret.
  [[nodiscard]] static Result<DataDirectory> open_for_change(const std::filesystem::path& directory);

  /// For a command that only looks: creates and changes nothing. Several may look at once, but not while anybody else
  /// uses the directory; a log whose repair was interrupted is not looked at (`io`).
  [[nodiscard]] static Result<DataDirectory> look(const std::filesystem::path& directory);

  /// Who has locked the directory, as the lock file says; nothing if it says nothing or its process is dead. Touches no
  /// lock, so that it is in nobody's way.
  struct User {
    int process;
    std::string url;  // empty: it is no server, or does not listen yet
  };
  [[nodiscard]] static std::optional<User> user_of(const std::filesystem::path& directory);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&& other) noexcept;
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  /// Gives the lock back. A killed process gives it back too: the kernel does.
  ~DataDirectory();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const SecretKey& secret() const { return secret_; }

  /// Writes this server's address into the lock file, once it listens: "http://localhost:3000".
  [[nodiscard]] Result<void> announce(std::string_view url);

  /// Engines whose files are in the directory: "sqlite", "rocksdb".
  [[nodiscard]] std::vector<std::string_view> engines() const;
  /// The engine of the log that is here: `asked`, unless that is empty. Errors: not_found (no log), foreign (another
  /// engine's), invalid_argument (nobody asked, and there are several).
  [[nodiscard]] Result<std::string_view> engine_of_log(std::string_view asked) const;

  /// foreign if the directory holds a log of an engine other than `backend`: starting an empty log beside a full one
  /// would look like losing it.
  [[nodiscard]] Result<void> check_engine(std::string_view backend) const;

 private:
  enum class Access : std::uint8_t { change, look };
  /// Locks it; whoever may change it finishes a repair that was interrupted.
  [[nodiscard]] static Result<DataDirectory> lock(const std::filesystem::path& path, Access access);

  DataDirectory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_ = -1;    // descriptor of DATA/lock
  int itself_ = -1;  // and of DATA, locked as well
  SecretKey secret_{};
};

}  // namespace tidemark

#include "src/config/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "src/base/command_limits.h"
#include "src/base/journal.h"
#include "src/config/log_swap.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct EngineFiles {
  std::string_view engine;
  std::string_view file;
};
constexpr std::array kEngineFiles = {EngineFiles{"sqlite", "tidemark.sqlite3"}, EngineFiles{"rocksdb", "rocksdb"}};

constexpr std::size_t kLockTextBytes = 512;

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Reads errno: call it right after what failed.
std::unexpected<Error> failed(std::string_view what, const fs::path& on, std::string_view advice) {
  const int error = errno;
  return fail(error == ENOSPC || error == EDQUOT ? ErrorCode::out_of_space : ErrorCode::io,
              fmt::format("{} {}: {}; {}", what, on.string(), std::strerror(error), advice));
}

constexpr std::string_view kChooseAnother = "check its owner and mode or choose another --data";

bool sync_directory(const fs::path& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.valid() && ::fsync(fd.get()) == 0;
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// Makes missing directories one by one, the last with mode 0700, and flushes each one's entry: records are no more
/// durable than the directory they are in.
Result<void> make_directory(const fs::path& directory) {
  std::vector<fs::path> missing;
  for (fs::path at = directory;;) {
    std::error_code status_error;
    if (fs::exists(at, status_error) || status_error) break;
    missing.push_back(at);
    const auto parent = at.has_parent_path() ? at.parent_path() : fs::path(".");
    if (parent == at) break;
    at = parent;
  }
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    const mode_t mode = *at == directory ? 0700 : 0755;
    if (::mkdir(at->c_str(), mode) != 0 && errno != EEXIST)
      return failed("cannot create data directory", *at, "create it yourself or choose another --data");
    const auto parent = at->has_parent_path() ? at->parent_path() : fs::path(".");
    if (!sync_directory(parent)) return failed("cannot flush directory", parent, kChooseAnother);
  }
  std::error_code status_error;
  if (!fs::is_directory(directory, status_error)) {
    return fail(ErrorCode::io,
                fmt::format("{} is not a directory that can be read; {}", directory.string(), kChooseAnother));
  }
  return {};
}

/// The first line of the lock file. Its owner may just be writing it.
std::string lock_text(int lock) {
  std::string text(kLockTextBytes, '\0');
  const auto size = ::pread(lock, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

/// " by process 1234 at http://localhost:3000", as far as the lock file says.
std::string owner_text(int lock) {
  const auto text = lock_text(lock);
  // A command that only looks holds the lock without a word, below what the last server wrote.
  if (pid_t writer = 0;
      std::sscanf(text.c_str(), "process %d", &writer) == 1 && ::kill(writer, 0) != 0 && errno == ESRCH) {
    return " by a tidemark command";
  }
  const bool printable = std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  return text.empty() || !printable ? std::string(" by another process") : " by " + text;
}

Result<void> write_lock_text(int lock, const fs::path& directory, std::string_view text) {
  if (::ftruncate(lock, 0) == 0 && ::pwrite(lock, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) {
    return {};
  }
  return failed("cannot write", directory / "lock", "free some space or choose another --data");
}

/// A server notes its address once it listens; a command has none.
std::unexpected<Error> in_use(const fs::path& directory, int lock) {
  const auto owner = owner_text(lock);
  const bool may_start = owner.starts_with(" by process ") && owner.find(" at ") == std::string::npos;
  return fail(
      ErrorCode::locked,
      fmt::format("data directory {} is in use{}{}", directory.string(), owner,
                  may_start ? ", a server that is starting and does not answer yet, or a command; try again in a "
                              "moment, stop it or choose another --data"
                            : "; stop it or choose another --data"));
}

std::unexpected<Error> not_locked(const fs::path& directory, int lock) {
  if (errno == EWOULDBLOCK) return in_use(directory, lock);
  return failed("cannot lock", directory / "lock", "choose a --data on a file system with locks");
}

/// The directory itself is locked, too: a copy that was made without the lock file has nothing else to lock for who only
/// looks. -1: it cannot be, on a file system without locks on directories; then the lock file alone is what counts.
Result<int> lock_itself(const fs::path& directory, int how) {
  Descriptor itself(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!itself.valid()) return -1;
  if (::flock(itself.get(), how | LOCK_NB) == 0) return itself.release();
  if (errno != EWOULDBLOCK) return -1;
  const Descriptor lock(::open((directory / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  return in_use(directory, lock.get());
}

Result<int> take_lock(const fs::path& directory) {
  const auto file = directory / "lock";
  Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return failed("cannot write to data directory", directory, kChooseAnother);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return not_locked(directory, lock.get());
  if (auto written = write_lock_text(lock.get(), directory, fmt::format("process {}\n", ::getpid())); !written)
    return std::unexpected(written.error());
  return lock.release();
}

/// Without a lock file (-1) no server was ever here, or it is a copy that was made without it.
Result<int> share_lock(const fs::path& directory) {
  const auto file = directory / "lock";
  Descriptor lock(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!lock.valid() && errno == ENOENT) return -1;
  if (!lock.valid()) return failed("cannot read", file, kChooseAnother);
  if (::flock(lock.get(), LOCK_SH | LOCK_NB) != 0) return not_locked(directory, lock.get());
  return lock.release();
}

fs::path without_slash(const fs::path& directory) {
  return directory.has_filename() ? directory : directory.parent_path();  // "data/" is "data"
}

Result<void> check_is_there(const fs::path& directory) {
  std::error_code status_error;
  if (fs::is_directory(directory, status_error)) return {};
  return fail(ErrorCode::not_found,
              fmt::format("there is no data directory {}; name it with --data", directory.string()));
}

Result<void> finish_repair(const fs::path& directory) {
  const auto kept = finish_swap(directory);
  if (!kept) return std::unexpected(kept.error());
  if (*kept) journal::warning("repair-finished", {{"damaged_log", (*kept)->string()}});
  return {};
}

Result<void> create_secret(const fs::path& directory, const SecretKey& secret) {
  constexpr std::string_view advice = "free some space or choose another --data";
  const auto file = directory / kSecretKeyFileName;
  const auto unfinished = directory / "secret.key.new";  // the lock is held: nobody else writes it
  if (::unlink(unfinished.c_str()) != 0 && errno != ENOENT) return failed("cannot remove", unfinished, kChooseAnother);
  const Descriptor fd(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid() || !write_all(fd.get(), secret) || ::fsync(fd.get()) != 0)
    return failed("cannot write", unfinished, advice);
  if (::rename(unfinished.c_str(), file.c_str()) != 0 || !sync_directory(directory))
    return failed("cannot write", file, advice);
  return {};
}

Result<SecretKey> load_or_create_secret(const fs::path& directory) {
  const auto file = directory / kSecretKeyFileName;
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) {
    if (errno != ENOENT) return failed("cannot read", file, "make it a file that only this user can read");
    const auto secret = random_secret();
    if (auto created = create_secret(directory, secret); !created) return std::unexpected(created.error());
    return secret;
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return failed("cannot read", file, kChooseAnother);
  if ((status.st_mode & 0077) != 0) {
    return fail(
        ErrorCode::foreign,
        fmt::format("{0} has mode {1:04o}, so others may read the key that signs session ids; run chmod 600 {0}, "
                    "or delete it for a new key (clients then get new sessions and miss nothing)",
                    file.string(), status.st_mode & 07777));
  }
  SecretKey secret;
  if (!S_ISREG(status.st_mode) || status.st_size != static_cast<off_t>(secret.size())) {
    return fail(
        ErrorCode::foreign,
        fmt::format("{} is not a key of 32 bytes; delete it for a new key (clients then get new sessions and miss "
                    "nothing) or choose another --data",
                    file.string()));
  }
  if (::pread(fd.get(), secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size()))
    return failed("cannot read", file, kChooseAnother);
  return secret;
}

}  // namespace

bool is_name_of_ours(std::string_view file) {
  // "tidemark.": the log of SQLite with the files that belong to it, and the notes beside a log.
  return file == "lock" || file.starts_with(kSecretKeyFileName) || file.starts_with("tidemark.") ||
         std::ranges::find(kEngineFiles, file, &EngineFiles::file) != kEngineFiles.end();
}

SecretKey random_secret() {
  SecretKey secret;
  // Up to 256 bytes come whole and uninterrupted (getrandom(2)).
  if (::getrandom(secret.data(), secret.size(), 0) != static_cast<ssize_t>(secret.size()))
    throw std::runtime_error("no random numbers from the kernel (getrandom failed)");
  return secret;
}

Result<DataDirectory> DataDirectory::lock(const fs::path& path, Access access) {
  const bool alone = access == Access::change;
  const auto locked = lock_itself(path, alone ? LOCK_EX : LOCK_SH);
  if (!locked) return std::unexpected(locked.error());
  Descriptor itself(*locked);
  const auto file = alone ? take_lock(path) : share_lock(path);
  if (!file) return std::unexpected(file.error());
  DataDirectory data(path, *file);
  data.itself_ = itself.release();
  if (!alone) return data;
  if (auto finished = finish_repair(path); !finished) return std::unexpected(finished.error());
  return data;
}

Result<DataDirectory> DataDirectory::open(const fs::path& directory) {
  const auto path = without_slash(directory);
  if (auto made = make_directory(path); !made) return std::unexpected(made.error());
  auto data = lock(path, Access::change);
  // A server that was killed keeps its lock until the kernel has closed its files, which takes a moment for a large one.
  for (auto waited = 0ms; !data && data.error().code == ErrorCode::locked && waited < limits::kLockWait;
       waited += limits::kLookAgain) {
    if (waited == 0ms) journal::info("waiting", {{"for", "the data directory"}, {"why", data.error().context}});
    std::this_thread::sleep_for(limits::kLookAgain);
    data = lock(path, Access::change);
  }
  if (!data) return data;
  const auto secret = load_or_create_secret(path);
  if (!secret) return std::unexpected(secret.error());
  data->secret_ = *secret;
  return data;
}

Result<DataDirectory> DataDirectory::open_for_change(const fs::path& directory) {
  const auto path = without_slash(directory);
  if (auto there = check_is_there(path); !there) return std::unexpected(there.error());
  return lock(path, Access::change);
}

Result<DataDirectory> DataDirectory::look(const fs::path& directory) {
  const auto path = without_slash(directory);
  if (auto there = check_is_there(path); !there) return std::unexpected(there.error());
  auto data = lock(path, Access::look);
  if (!data || !swap_is_pending(path)) return data;
  return fail(
      ErrorCode::io,
      fmt::format("a repair of the log in {} was interrupted; 'tidemark repair' or the next start of the server "
                  "finishes it",
                  path.string()));
}

std::optional<DataDirectory::User> DataDirectory::user_of(const fs::path& directory) {
  const auto file = without_slash(directory) / "lock";
  const Descriptor lock(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!lock.valid()) return std::nullopt;
  const auto text = lock_text(lock.get());
  pid_t process = 0;
  if (std::sscanf(text.c_str(), "process %d", &process) != 1 || process <= 0) return std::nullopt;
  if (::kill(process, 0) != 0 && errno == ESRCH) return std::nullopt;
  constexpr std::string_view before_url = " at ";
  const auto at = text.find(before_url);
  return User{process, at == std::string::npos ? std::string() : text.substr(at + before_url.size())};
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      itself_(std::exchange(other.itself_, -1)),
      secret_(other.secret_) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  std::swap(itself_, other.itself_);
  std::swap(secret_, other.secret_);
  return *this;
}

DataDirectory::~DataDirectory() {
  // The file stays: a server that waits on a deleted one would lock something nobody else can see.
  if (itself_ >= 0) ::close(itself_);
  if (lock_ >= 0) ::close(lock_);
}

Result<void> DataDirectory::announce(std::string_view url) {
  return write_lock_text(lock_, path_, fmt::format("process {} at {}\n", ::getpid(), url));
}

std::vector<std::string_view> DataDirectory::engines() const {
  std::vector<std::string_view> found;
  for (const auto& [engine, file] : kEngineFiles) {
    std::error_code status_error;
    if (fs::exists(path_ / file, status_error)) found.push_back(engine);
  }
  return found;
}

Result<std::string_view> DataDirectory::engine_of_log(std::string_view asked) const {
  const auto found = engines();
  if (found.empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("there is no log in {}; name its directory with --data", path_.string()));
  }
  if (!asked.empty()) {
    if (std::ranges::find(found, asked) != found.end()) return asked;
    return fail(ErrorCode::foreign, fmt::format("there is no log of the engine {} in {}, but one of {}", asked,
                                                path_.string(), found.front()));
  }
  if (found.size() == 1) return found.front();
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} holds logs of several engines; say with --backend which one is meant", path_.string()));
}

Result<void> DataDirectory::check_engine(std::string_view backend) const {
  if (engines().size() > 1) {
    return fail(ErrorCode::foreign,
                fmt::format("data directory {0} holds logs of two engines, {1} and {2}, and only one can be served; "
                            "'tidemark info --data {0} --backend {3}', and the same with {4}, shows what is in each: "
                            "move the other one away",
                            path_.string(), kEngineFiles[0].file, kEngineFiles[1].file, kEngineFiles[0].engine,
                            kEngineFiles[1].engine));
  }
  for (const auto& [engine, file] : kEngineFiles) {
    std::error_code status_error;
    if (engine == backend || !fs::exists(path_ / file, status_error)) continue;
    return fail(
        ErrorCode::foreign,
        fmt::format("data directory {} holds a log of the engine {} ({}); start with --backend {}, choose another "
                    "--data, or move {} away if it is no longer the log",
                    path_.string(), engine, file, engine, file));
  }
  return {};
}

}  // namespace tidemark

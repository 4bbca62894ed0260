// Configuration: the first piece is the file, the others are arguments. Whatever stands there, an error is a sentence and
// what is taken is within its bounds.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "src/config/options.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark {
namespace {

/// A file in memory, whose path is that of its descriptor.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(::memfd_create("config", MFD_CLOEXEC)) {
    FUZZ_CHECK(descriptor_ >= 0);
    FUZZ_CHECK(::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void check(const Result<ServeOptions>& options) {
  if (!options) {
    FUZZ_CHECK(!options.error().context.empty());
    return;
  }
  if (options->help) return;
  FUZZ_CHECK(options->max_payload >= limits::kMaxPayloadFloor && options->max_payload <= limits::kMaxPayloadCeiling);
  FUZZ_CHECK(options->ping_interval > Millis(0) && options->ping_interval <= Millis(limits::kTimeoutCeiling));
  FUZZ_CHECK(options->ping_timeout > Millis(0) && options->ping_timeout <= Millis(limits::kTimeoutCeiling));
  FUZZ_CHECK(options->io_threads <= limits::kIoThreadsCeiling);
  FUZZ_CHECK(!options->channels.empty() && options->channels.size() <= limits::kOptionListEntries);
}

}  // namespace
}  // namespace tidemark

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemark;
  fuzz::Input input(data, size);
  const MemoryFile file(input.piece());
  const std::string path = file.path();
  std::vector<std::string_view> arguments{"--config", path};
  check(parse_serve(arguments, {}));
  while (!input.empty() && arguments.size() < 16) arguments.push_back(input.piece());
  check(parse_serve(arguments, {}));
  arguments.erase(arguments.begin(), arguments.begin() + 2);
  check(parse_serve(arguments, arguments));
  return 0;
}

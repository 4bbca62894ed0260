// The head floor remembers what was acknowledged, whatever happens to its own file.
#include "src/log/head_floor.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "tests/contract/engine_under_test.h"

namespace tidemark {
namespace {

constexpr Epoch kEpoch{7};

class FloorFile {
 public:
  [[nodiscard]] HeadFloor open() const {
    auto opened = HeadFloor::open(directory_.path());
    if (!opened) FAIL(opened.error().context);
    return std::move(*opened);
  }
  [[nodiscard]] std::string content() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }

 private:
  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / HeadFloor::kFileName; }
  contract::TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("a new floor holds nothing and refuses nothing") {
  const FloorFile file;
  const auto floor = file.open();
  CHECK_FALSE(floor.noted());
  CHECK(floor.check({kEpoch, Offset(0)}));
}

TEST_CASE("the last note is found again") {
  const FloorFile file;
  for (const std::uint64_t head : {1, 2, 3, 100}) {
    auto floor = file.open();
    REQUIRE(floor.note({kEpoch, Offset(head)}));
    REQUIRE(floor.flush());
    CHECK(file.open().noted() == HeadFloor::Note{kEpoch, Offset(head)});
  }
}

TEST_CASE("a log that ends before the floor is refused; another log is not") {
  const FloorFile file;
  auto floor = file.open();
  REQUIRE(floor.note({kEpoch, Offset(100)}));
  CHECK(floor.check({kEpoch, Offset(100)}));
  CHECK(floor.check({kEpoch, Offset(101)}));
  CHECK(floor.check({Epoch(8), Offset(1)}));
  CHECK_FALSE(floor.check({Epoch(), Offset(1)}));  // too damaged to tell which log it is
  const auto refused = floor.check({kEpoch, Offset(99)});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::corrupt);
}

TEST_CASE("a torn write leaves the note before it") {
  const FloorFile file;
  for (const std::uint64_t last : {std::uint64_t{41}, std::uint64_t{42}}) {  // ends in the one line and in the other
    auto floor = file.open();
    for (std::uint64_t head = 1; head <= last; ++head) REQUIRE(floor.note({kEpoch, Offset(head)}));
    const auto bytes = file.content();
    const auto last_line = bytes.find("." + std::to_string(last) + " ");
    REQUIRE(last_line != std::string::npos);
    auto torn = bytes;
    torn[last_line + 1] = '9';
    file.write(torn);
    CHECK(file.open().noted() == HeadFloor::Note{kEpoch, Offset(last - 1)});
    file.write("");
  }
}

TEST_CASE("of two logs the later one counts, though its offsets are smaller") {
  const FloorFile file;
  auto floor = file.open();
  for (std::uint64_t head = 1; head <= 50; ++head) REQUIRE(floor.note({kEpoch, Offset(head)}));
  REQUIRE(floor.note({Epoch(8), Offset(3)}));
  CHECK(file.open().noted() == HeadFloor::Note{Epoch(8), Offset(3)});
}

TEST_CASE("a file that is anything else is an empty floor") {
  const FloorFile file;
  for (const auto& bytes : {std::string("hello"), std::string(5000, 'x'), std::string(600, '\0')}) {
    file.write(bytes);
    CHECK_FALSE(file.open().noted());
  }
}

}  // namespace tidemark

// The small values: attachments, records, errors, function references.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "src/base/attachments.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/function_ref.h"
#include "src/base/record.h"

namespace tidemark {

TEST_CASE("attachments come back in order, empty ones too") {
  std::string all;
  const std::vector<std::string> parts{std::string("\0\x01\xff", 3), "", std::string(70'000, 'x')};
  for (const auto& part : parts) append_attachment(all, part);
  std::string_view rest = all;
  for (const auto& part : parts) CHECK(take_attachment(rest) == part);
  CHECK(rest.empty());
  CHECK_FALSE(take_attachment(rest));
}

TEST_CASE("attachments that end too early are none, and nothing is taken") {
  std::string all;
  append_attachment(all, "12345");
  for (std::size_t size = 0; size < all.size(); ++size) {
    std::string_view cut(all.data(), size);
    CHECK_FALSE(take_attachment(cut));
    CHECK(cut.size() == size);
  }
  std::string_view huge(
      "\xff\xff\xff\xff"
      "1234",
      8);
  CHECK_FALSE(take_attachment(huge));
}

TEST_CASE("a record and its view are the same record") {
  Record record;
  record.offset = Offset(3);
  record.time = {42};
  record.channel = "/c";
  record.event = "ev";
  record.sender = "abc";
  record.client_key = "defg";
  record.payload = "12345";
  record.attachments = "123456";
  CHECK(Record(record.view()) == record);
  CHECK(record.view().bytes() == 2 + 2 + 3 + 4 + 5 + 6);
  auto other = record;
  other.payload = "12346";
  CHECK_FALSE(other == record);
  CHECK_FALSE(other.view() == record.view());
}

TEST_CASE("every error code has a name of its own") {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::closed); ++code)
    names.insert(name(static_cast<ErrorCode>(code)));
  CHECK(names.size() == static_cast<std::size_t>(ErrorCode::closed) + 1);
  CHECK_FALSE(names.contains("unknown"));
  const Result<int> failed = fail(ErrorCode::not_found, "there is no record 7");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::not_found);
  CHECK(failed.error().context == "there is no record 7");
}

TEST_CASE("a function reference calls the callable it was made from") {
  int calls = 0;
  auto count = [&](int by) { return calls += by; };
  const FunctionRef<int(int)> reference(count);
  CHECK(reference(2) == 2);
  const auto copy = reference;
  CHECK(copy(3) == 5);
}

TEST_CASE("the machine's monotonic clock does not go back") {
  const SystemClock clock;
  const auto before = clock.steady();
  CHECK(clock.steady() >= before);
  CHECK(clock.wall().value > 1'700'000'000'000);
}

}  // namespace tidemark

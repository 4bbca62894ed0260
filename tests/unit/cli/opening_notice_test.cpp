#include "src/cli/opening_notice.h"

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

namespace tidemark::cli {

TEST_CASE("an opening that is quick is not talked about") {
  std::vector<std::string> said;
  {
    OpeningNotice notice([&](std::string_view doing) { said.emplace_back(doing); }, "one", std::chrono::hours(1));
    notice.next("two");
  }
  CHECK(said.empty());
}

TEST_CASE("an opening that takes long says what it does, and each step after it") {
  std::vector<std::string> said;
  std::promise<void> first;
  {
    OpeningNotice notice(
        [&](std::string_view doing) {
          said.emplace_back(doing);
          if (said.size() == 1) first.set_value();
        },
        "one", Millis(1));
    first.get_future().wait();
    notice.next("two");
  }
  CHECK(said == std::vector<std::string>{"one", "two"});
}

}  // namespace tidemark::cli

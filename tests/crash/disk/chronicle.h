// A history that is told as it happens, so that it outlives the process in which it happens.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/crash/disk/child.h"
#include "tests/crash/disk/history.h"

namespace tidemark::crash {

class Chronicle {
 public:
  explicit Chronicle(Tell tell) : tell_(std::move(tell)) {}

  /// The store was opened with this identity; what was under way was there, or was not.
  void opened(Epoch epoch, bool under_way_was_there);
  void attempt(const Attempt& attempt);
  /// The last attempt succeeded.
  void succeeded();
  /// The last attempt failed so that nothing of it may be there, now or later.
  void failed();
  /// A remark for the result: an error's name, say.
  void remark(std::string_view text);

  [[nodiscard]] const Contents& now() const { return contents_; }
  [[nodiscard]] const std::optional<Attempt>& under_way() const { return under_way_; }
  /// If the process or the power ended now.
  [[nodiscard]] Expectation expectation() const { return {epoch_, contents_, under_way_}; }
  [[nodiscard]] const std::vector<std::string>& remarks() const { return remarks_; }

  /// From what was told; an event that was not told to its end did not happen.
  [[nodiscard]] static Chronicle read(std::string_view told);

 private:
  void note(const std::string& event);

  Tell tell_;
  std::optional<Epoch> epoch_;
  Contents contents_;
  std::optional<Attempt> under_way_;
  std::vector<std::string> remarks_;
};

}  // namespace tidemark::crash

// Which records are shown: of these channels, events, senders, and with a payload that matches. One thread.
#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/record.h"
#include "src/config/options.h"

namespace tidemark::cli {

class RecordFilter {
 public:
  /// The options were checked when they were read. `channels` are patterns (channel_pattern.h); none: all.
  RecordFilter(const CommandOptions& options, std::vector<std::string> channels);

  [[nodiscard]] bool admits(const RecordView& record);
  /// The one channel that all admitted records are of; empty if there may be several.
  [[nodiscard]] std::string_view only_channel() const;

 private:
  struct FreeExpression {
    void operator()(regex_t* expression) const;
  };
  [[nodiscard]] bool admits_channel(std::string_view channel);

  std::vector<std::string> channels_, events_, senders_;
  std::unique_ptr<regex_t, FreeExpression> expression_;  // POSIX's: no recursion, whatever a payload holds
  // Records of one channel often come one after another.
  std::string last_channel_;
  bool last_admitted_ = false;
};

}  // namespace tidemark::cli

#include "src/cli/record_filter.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "src/config/channel_pattern.h"

namespace tidemark::cli {
namespace {

bool is_one_of(std::string_view value, const std::vector<std::string>& wanted) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

}  // namespace

void RecordFilter::FreeExpression::operator()(regex_t* expression) const {
  ::regfree(expression);
  delete expression;
}

RecordFilter::RecordFilter(const CommandOptions& options, std::vector<std::string> channels)
    : channels_(std::move(channels)), events_(options.of_events), senders_(options.of_senders) {
  if (options.grep.empty()) return;
  auto compiled = std::make_unique<regex_t>();
  const int flags = REG_EXTENDED | REG_NOSUB | (options.ignore_case ? REG_ICASE : 0);
  if (::regcomp(compiled.get(), options.grep.c_str(), flags) != 0) {
    throw std::invalid_argument("--grep was not checked");
  }
  expression_.reset(compiled.release());
}

bool RecordFilter::admits_channel(std::string_view channel) {
  if (channels_.empty()) return true;
  if (channel == last_channel_) return last_admitted_;
  last_channel_ = channel;
  last_admitted_ = channel_matches(channels_, channel);
  return last_admitted_;
}

bool RecordFilter::admits(const RecordView& record) {
  if (!admits_channel(record.channel) || !is_one_of(record.event, events_) || !is_one_of(record.sender, senders_)) {
    return false;
  }
  if (!expression_) return true;
  regmatch_t whole{.rm_so = 0, .rm_eo = static_cast<regoff_t>(record.payload.size())};
  return ::regexec(expression_.get(), record.payload.data(), 0, &whole, REG_STARTEND) == 0;
}

std::string_view RecordFilter::only_channel() const {
  return channels_.size() == 1 && !channels_.front().ends_with("/*") ? std::string_view(channels_.front()) : "";
}

}  // namespace tidemark::cli

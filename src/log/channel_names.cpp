#include "src/log/channel_names.h"

#include <functional>

namespace tidemark {
namespace {
std::uint64_t hash(std::string_view channel) { return std::hash<std::string_view>{}(channel); }
}  // namespace

void ChannelNames::add(std::string_view channel) { known_.insert(hash(channel)); }

bool ChannelNames::stage(std::string_view channel) {
  const auto name = hash(channel);
  if (known_.contains(name)) return true;
  if (known_.size() >= most_) return false;
  known_.insert(name);
  staged_.push_back(name);
  return true;
}

void ChannelNames::rollback() {
  for (const auto name : staged_) known_.erase(name);
  staged_.clear();
}

}  // namespace tidemark

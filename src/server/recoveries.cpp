#include "src/server/recoveries.h"

#include <utility>

#include "src/base/limits.h"

namespace tidemark {

std::string_view name(Recovery::Way way) {
  switch (way) {
    case Recovery::Way::resumed: return "resumed";
    case Recovery::Way::replayed: return "replayed";
    case Recovery::Way::fresh: return "new";
  }
  return "";
}

void Recoveries::note(Recovery recovery) {
  const std::lock_guard lock(mutex_);
  switch (recovery.way) {
    case Recovery::Way::resumed: ++counts_.resumed; break;
    case Recovery::Way::replayed: ++counts_.replayed; break;
    case Recovery::Way::fresh: ++counts_.fresh; break;
  }
  latest_.push_front(std::move(recovery));
  if (latest_.size() > limits::kRecoveriesKept) latest_.pop_back();
}

Recoveries::Counts Recoveries::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<Recovery> Recoveries::latest() const {
  const std::lock_guard lock(mutex_);
  return {latest_.begin(), latest_.end()};
}

}  // namespace tidemark

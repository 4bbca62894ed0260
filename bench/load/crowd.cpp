#include "bench/load/crowd.h"

#include <algorithm>

namespace tidemark::load {

void Crowd::open(std::uint32_t count, const std::function<Connection::Place(std::uint32_t index)>& place) {
  members_.clear();
  opened_ = joined_ = 0;
  members_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    members_.push_back(std::make_unique<Connection>(loop_, audience_, i, place(i)));
  }
  const std::size_t at_once = std::min<std::size_t>(kWaitingMax, members_.size());
  while (opened_ < at_once) members_[opened_++]->open();
}

void Crowd::on_accepted() {
  if (opened_ < members_.size()) members_[opened_++]->open();
}

void Crowd::close() {
  for (auto& member : members_) member->close();
}

void Crowd::abort() {
  for (auto& member : members_) member->abort();
}

}  // namespace tidemark::load

#include "backends/sqlite/reader_pool.h"

#include <fmt/format.h>

#include "src/base/limits.h"

namespace tidemark::sqlite {

Result<ReaderPool::Lease> ReaderPool::lend() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || lent_ < limits::kStoreReaders; });
  if (closed_) return fail(ErrorCode::closed, fmt::format("{} is closed", file_.string()));
  ++lent_;
  if (!idle_.empty()) {
    auto reader = std::move(idle_.back());
    idle_.pop_back();
    return Lease(*this, std::move(reader));
  }
  lock.unlock();
  auto opened = open_();
  if (!opened) {
    give_back(nullptr);
    return std::unexpected(opened.error());
  }
  return Lease(*this, std::make_unique<Reader>(std::move(*opened)));
}

void ReaderPool::add(Reader reader) {
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::make_unique<Reader>(std::move(reader)));
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader) {
  {
    const std::scoped_lock lock(mutex_);
    --lent_;
    if (reader) idle_.push_back(std::move(reader));
  }
  changed_.notify_all();
}

void ReaderPool::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return lent_ == 0; });
  idle_.clear();
}

}  // namespace tidemark::sqlite

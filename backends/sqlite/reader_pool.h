// The readers of one store: opened when needed, at most limits::kStoreReaders, handed out for one call at a time.
// Any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "backends/sqlite/reader.h"
#include "src/base/error.h"

namespace tidemark::sqlite {

class ReaderPool {
 public:
  /// Called by any thread, by several at once.
  using Open = std::function<Result<Reader>()>;

  /// `open`: another reader of `file`.
  ReaderPool(std::filesystem::path file, Open open) : file_(std::move(file)), open_(std::move(open)) {}
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;
  ~ReaderPool() { close(); }

  /// A reader for the length of a call.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Reader> reader) : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (reader_) pool_->give_back(std::move(reader_));
    }
    Reader* operator->() { return reader_.get(); }
    Reader& operator*() { return *reader_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Reader> reader_;
  };

  /// Waits while all are in use. Errors: closed, and those of opening another one.
  [[nodiscard]] Result<Lease> lend();

  /// One that is open already.
  void add(Reader reader);

  /// Waits for the readers that are in use, then closes all. Idempotent.
  void close();

 private:
  void give_back(std::unique_ptr<Reader> reader);

  const std::filesystem::path file_;
  const Open open_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Reader>> idle_;
  std::size_t lent_ = 0;
  bool closed_ = false;
};

}  // namespace tidemark::sqlite

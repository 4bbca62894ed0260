// The answer to GET /api/v1/log: JSON lines, page by page. The next page is read when the socket has taken the one
// before; a client that stops reading holds one page of at most kScanBytes and nothing of the store.
//
// An error before the first page is an answer of its own; later, when the status is gone, it is the last line:
// {"error":{"code":"damaged","message":"...","offset":17}}.
#pragma once

#include <memory>
#include <string>

#include "src/server/api/log_pages.h"
#include "src/server/pending_answer.h"

namespace tidemark {

class HttpStream;

class LogAnswer final : public PendingAnswer, public std::enable_shared_from_this<LogAnswer> {
 public:
  LogAnswer(HttpStream& http, LogQuery query);

  /// Once, when the stream holds it.
  void start() { read(); }

  // PendingAnswer
  void on_room() override;
  void on_drain() override;

 private:
  void read();
  void take(const Result<bool>& more, const std::string& lines);

  HttpStream& http_;
  std::shared_ptr<LogPages> pages_;  // with the reader while reading_
  bool reading_ = false;
  bool begun_ = false;
};

}  // namespace tidemark

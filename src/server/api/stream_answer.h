// The answer to GET /api/v1/stream: the log as Server-Sent Events, from a place on and then live. Like a subscription it
// is a cursor: the next page is read when the socket has taken the one before and the log has more.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "src/base/error.h"
#include "src/base/offset.h"
#include "src/hub/page.h"
#include "src/server/api/commit_tap.h"
#include "src/server/pending_answer.h"

namespace tidemark {

class HttpStream;

class StreamAnswer final : public PendingAnswer, public std::enable_shared_from_this<StreamAnswer> {
 public:
  /// `channel` is empty for all. The caller has its place (CommitTap::open_stream), which this gives back.
  StreamAnswer(HttpStream& http, std::string channel, Offset after);
  ~StreamAnswer() override;

  /// Once, when the stream holds it. `resumed`: it goes on at the position the client sent.
  void start(bool resumed);

  [[nodiscard]] const std::string& channel() const { return channel_; }
  /// Everything up to here was given.
  [[nodiscard]] Offset cursor() const { return cursor_; }

  void on_news(std::span<const CommitNewsPtr> news);
  void take(const Result<PagePtr>& page);

  // PendingAnswer
  void on_room() override;
  void on_quiet() override;
  void on_drain() override;

 private:
  void give(std::string events);
  void go_on();

  HttpStream& http_;
  const std::string channel_;
  Offset cursor_;
  Offset head_;           // of the log, as far as it was told
  bool giving_ = false;   // the socket has not taken everything yet
  bool reading_ = false;  // take() follows
};

}  // namespace tidemark

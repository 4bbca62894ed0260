// An answer that comes later, or piece by piece: an HttpStream holds it until it has responded or ended its body, and
// calls it when there is something to do. Used on the stream's I/O thread only; work on other threads keeps a weak
// pointer and posts what it found: a client that leaves meanwhile takes the answer with it.
#pragma once

#include <memory>

namespace tidemark {

class PendingAnswer {
 public:
  PendingAnswer() = default;
  PendingAnswer(const PendingAnswer&) = delete;
  PendingAnswer& operator=(const PendingAnswer&) = delete;
  virtual ~PendingAnswer() = default;

  /// All that was given so far is with the socket: the next piece may come. Until then nothing is read for this client.
  virtual void on_room() = 0;
  /// Nothing was given for as long as HttpStream::give() was told to wait.
  virtual void on_quiet() {}
  /// The server shuts down: respond, or end the body or cut it off.
  virtual void on_drain() = 0;
};

}  // namespace tidemark

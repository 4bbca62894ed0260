// What all modes have in common: a loop, a crowd of connections on it, and the first thing that went wrong.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "bench/load/crowd.h"
#include "bench/load/loop.h"
#include "bench/load/options.h"
#include "bench/load/runs.h"

namespace tidemark::load {

class Run : public Audience {
 public:
  void on_accepted(Connection&) override { crowd_.on_accepted(); }
  void on_joined(Connection&) override { crowd_.on_joined(); }
  void on_lost(Connection&, std::string_view why) override { fail(why); }

 protected:
  explicit Run(const Options& options) : options_(options) {}

  /// Only the first one counts; it ends all waiting.
  void fail(std::string_view why) {
    if (failure_.empty()) failure_ = why;
  }
  [[nodiscard]] bool failed() const { return !failure_.empty(); }
  [[nodiscard]] Failure failure() const { return failed() ? Failure(failure_) : Failure(); }

  /// False after a failure, which includes that the patience is over.
  bool wait_until(std::string_view what, const std::function<bool()>& done);
  /// Serves events for that long, less after a failure.
  void serve_for(double seconds, const std::function<void()>& each_round = {}, int wait_ms = 20);

  /// Opens that many connections and waits until they have joined.
  bool gather(std::uint32_t count, const std::function<Connection::Place(std::uint32_t index)>& place);
  /// Where a client of this run goes, if nothing else is said.
  [[nodiscard]] Connection::Place place() const;

  const Options& options_;
  Loop loop_;
  Crowd crowd_{loop_, *this};

 private:
  std::string failure_;
};

}  // namespace tidemark::load

// fair: F connections publish as fast as they are let, and P others send one message every tenth of a second each. How
// long do those wait for their acknowledgements, without the flood and in it? Everybody has a channel of its own.
#include <string>
#include <vector>

#include "bench/load/latency.h"
#include "bench/load/ledger.h"
#include "bench/load/publisher.h"
#include "bench/load/run.h"
#include "bench/load/usage.h"

namespace tidemark::load {
namespace {

constexpr std::uint64_t kPauseNs = 100'000'000;
constexpr std::uint32_t kFloodInFlight = 2000;  // each: more than the server takes from one at a time

class Fair final : public Run {
 public:
  explicit Fair(const Options& options)
      : Run(options),
        ledger_(options.publishers + options.flooders, options.publishers + options.flooders),
        sent_ns_(options.publishers),
        in_flight_(options.flooders) {
    for (std::uint32_t i = 0; i < options.publishers + options.flooders; ++i) {
      publishers_.emplace_back(i, options.text_bytes);
    }
  }

  Failure run(Report& report) {
    const bool gathered = gather(static_cast<std::uint32_t>(publishers_.size()), [&](std::uint32_t i) {
      Connection::Place where = place();
      where.channel = "/chat/" + std::to_string(i);
      return where;
    });
    if (!gathered) return failure();

    const auto ask = [&] { ask_quietly(); };
    serve_for(options_.warm_up_s, ask, 1);
    latency_.clear();
    serve_for(options_.seconds, ask, 1);
    const double alone_p50_us = latency_.microseconds(0.5), alone_p99_us = latency_.microseconds(0.99);

    flooding_ = true;
    for (std::uint32_t i = 0; i < options_.flooders; ++i) flood(i);
    serve_for(options_.warm_up_s, ask, 1);
    latency_.clear();
    const auto begin_ns = now_ns();
    const auto acked_before = acked_;
    const Usage self_before = own_usage();
    serve_for(options_.seconds, ask, 1);
    const double seconds = static_cast<double>(now_ns() - begin_ns) * 1e-9;
    const auto acked = acked_ - acked_before;
    const double p50_us = latency_.microseconds(0.5), p99_us = latency_.microseconds(0.99);
    const Usage self = own_usage();

    flooding_ = false;
    const bool done = wait_until("the last acknowledgements", [&] { return waiting_ == 0; });
    if (!done) return failure();
    (void)wait_until("the last deliveries", [&] { return ledger_.received() >= published(); });
    const Usage after = usage_of(options_.server_pid);

    report.count("publishers", options_.publishers);
    report.count("flooders", options_.flooders);
    report.number("flood_acked_per_s", static_cast<double>(acked) / seconds);
    report.number("ack_p50_us", p50_us);
    report.number("ack_p99_us", p99_us);
    report.number("ack_p50_us_no_flood", alone_p50_us);
    report.number("ack_p99_us_no_flood", alone_p99_us);
    report.number("generator_cpu_share", (self.cpu_s - self_before.cpu_s) / seconds);
    report.number("rss_peak_kb", after.rss_peak_kb);
    report.count("lost", published() - ledger_.received());
    report.count("repeated", ledger_.repeated());
    report.count("out_of_order", ledger_.out_of_order());
    report.count("offset_breaks", ledger_.offset_breaks());
    return {};
  }

  void on_ack(Connection& c, std::uint64_t, std::string_view arguments) override {
    if (arguments.find("\"error\"") != arguments.npos) return fail("a message was refused: " + std::string(arguments));
    --waiting_;
    if (c.index() < options_.publishers) {
      latency_.add(now_ns() - sent_ns_[c.index()]);
      sent_ns_[c.index()] = 0;
      return;
    }
    ++acked_;
    const std::uint32_t flooder = c.index() - options_.publishers;
    --in_flight_[flooder];
    // Not one by one: a flood comes in large writes.
    if (in_flight_[flooder] <= kFloodInFlight / 2) flood(flooder);
  }

  void on_delivery(Connection& c, const Delivery& d) override {
    ledger_.record(c.index(), d.publisher, d.sequence, d.offset);
  }

 private:
  void ask_quietly() {
    const auto now = now_ns();
    if (next_ns_ > now) return;
    next_ns_ = now + kPauseNs;
    for (std::uint32_t i = 0; i < options_.publishers; ++i) {
      if (sent_ns_[i] != 0) continue;  // still waits for its last one
      sent_ns_[i] = now;
      ++waiting_;
      publishers_[i].publish(crowd_[i]);
    }
  }

  void flood(std::uint32_t flooder) {
    const std::uint32_t index = options_.publishers + flooder;
    while (flooding_ && in_flight_[flooder] < kFloodInFlight) {
      ++in_flight_[flooder];
      ++waiting_;
      publishers_[index].publish(crowd_[index]);
    }
  }

  [[nodiscard]] std::uint64_t published() const {
    std::uint64_t count = 0;
    for (const auto& publisher : publishers_) count += publisher.published();
    return count;
  }

  std::vector<Publisher> publishers_;  // the quiet ones first
  Ledger ledger_;
  Latency latency_;
  std::vector<std::uint64_t> sent_ns_;  // of a quiet one's message without an answer; 0: it has none
  std::vector<std::uint32_t> in_flight_;
  bool flooding_ = false;
  std::uint64_t next_ns_ = 0, acked_ = 0, waiting_ = 0;
};

}  // namespace

Failure run_fair(const Options& options, Report& report) { return Fair(options).run(report); }

}  // namespace tidemark::load

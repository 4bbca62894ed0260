// slow: N subscribers in one channel get what P of them publish, twice for the same time. First everybody reads; then S
// of them read nothing any more, but for a few that read one byte a second. What do they cost the others and the
// server's memory? In the end they read again, and everybody has to get everything.
#include <algorithm>
#include <string>
#include <vector>

#include "bench/load/latency.h"
#include "bench/load/ledger.h"
#include "bench/load/publisher.h"
#include "bench/load/run.h"
#include "bench/load/usage.h"

namespace tidemark::load {
namespace {

constexpr double kRepeatsSeconds = 0.1;  // what was sent twice would come right behind
constexpr double kSettleSeconds = 1;     // until what the stalled sockets' buffers take is full
constexpr std::uint64_t kTrickleNs = 1'000'000'000;

class Slow final : public Run {
 public:
  explicit Slow(const Options& options)
      : Run(options),
        reading_(options.clients),
        window_(options.in_flight / options.publishers),
        ledger_(options.clients, options.publishers) {
    for (std::uint32_t i = 0; i < options.publishers; ++i) {
      sources_.push_back({Publisher(i, options.text_bytes), 0, std::vector<std::uint32_t>(window_)});
    }
  }

  Failure run(Report& report) {
    if (!gather(options_.clients, [&](auto) { return place(); })) return failure();
    publishing_ = true;
    for (auto& source : sources_) fill(source);
    serve_for(options_.warm_up_s);
    const Phase all = measure();

    // The last ones: the first publish.
    stall();
    serve_for(kSettleSeconds, [&] { trickle(); });
    const Phase some = measure();

    publishing_ = false;
    for (std::size_t i = reading_; i < crowd_.size(); ++i) crowd_[i].read_on();
    const auto begin_ns = now_ns();
    const auto everybody_has = [&] {
      std::uint64_t published = 0;
      for (const auto& source : sources_) published += source.publisher.published();
      return ledger_.received() >= published * options_.clients;
    };
    const bool complete = wait_until("the stalled to get everything", everybody_has);
    const auto caught_up_s = static_cast<double>(now_ns() - begin_ns) * 1e-9;
    if (!complete && ledger_.lost(published_by()) == 0) return failure();
    serve_for(kRepeatsSeconds);
    const Usage end = usage_of(options_.server_pid);

    // Records are stored meanwhile, stalled or not.
    const double grown_kb = some.after.rss_kb - some.before.rss_kb;
    const double grown_kb_none = all.after.rss_kb - all.before.rss_kb;
    report.count("clients", options_.clients);
    report.count("stalled", options_.stalled);
    report.count("trickling", trickling());
    report.count("publishers", options_.publishers);
    report.number("deliveries_per_s", some.deliveries_per_s());
    report.number("deliveries_per_s_none_stalled", all.deliveries_per_s());
    report.number("cpu_us_per_delivery", some.cpu_us());
    report.number("cpu_us_per_delivery_none_stalled", all.cpu_us());
    report.number("cpu_ratio", some.cpu_us() / all.cpu_us());
    report.number("latency_p99_us", some.latency_p99_us);
    report.number("latency_p99_us_none_stalled", all.latency_p99_us);
    report.number("rss_grown_kb", grown_kb);
    report.number("rss_grown_kb_none_stalled", grown_kb_none);
    report.number("rss_kb_per_stalled", options_.stalled > 0 ? (grown_kb - grown_kb_none) / options_.stalled : 0);
    report.number("caught_up_s", caught_up_s);
    report.number("rss_kb", end.rss_kb);
    report.number("rss_peak_kb", end.rss_peak_kb);
    report.count("lost", ledger_.lost(published_by()));
    report.count("repeated", ledger_.repeated());
    report.count("out_of_order", ledger_.out_of_order());
    report.count("offset_breaks", ledger_.offset_breaks());
    return {};
  }

  void on_delivery(Connection& c, const Delivery& d) override {
    if (d.publisher >= sources_.size() || d.sequence >= sources_[d.publisher].publisher.published()) {
      return fail("a delivery that was never published");
    }
    if (!ledger_.record(c.index(), d.publisher, d.sequence, d.offset)) return;
    if (c.index() >= reading_) return;  // nobody waits for it
    latency_.add(now_ns() - d.sent_time());
    Source& source = sources_[d.publisher];
    if (--source.missing[d.sequence % window_] > 0) return;
    --source.in_flight;
    fill(source);
  }

  void on_ack(Connection&, std::uint64_t, std::string_view arguments) override {
    if (arguments.find("\"error\"") != arguments.npos) fail("a message was refused: " + std::string(arguments));
  }

 private:
  struct Source {
    Publisher publisher;
    std::uint32_t in_flight;
    std::vector<std::uint32_t> missing;  // by sequence % window: how many of those who read have not got it yet
  };
  struct Phase {
    double seconds = 0;
    std::uint64_t deliveries = 0;
    Usage before, after;
    double latency_p99_us = 0;
    [[nodiscard]] double deliveries_per_s() const { return static_cast<double>(deliveries) / seconds; }
    [[nodiscard]] double cpu_us() const {
      return (after.cpu_s - before.cpu_s) * 1e6 / static_cast<double>(std::max<std::uint64_t>(deliveries, 1));
    }
  };

  [[nodiscard]] std::uint32_t trickling() const { return std::min(options_.trickling, options_.stalled); }

  Phase measure() {
    Phase phase{.before = usage_of(options_.server_pid)};
    latency_.clear();
    const auto received = ledger_.received();
    const auto begin_ns = now_ns();
    serve_for(options_.seconds, [&] { trickle(); });
    phase.seconds = static_cast<double>(now_ns() - begin_ns) * 1e-9;
    phase.deliveries = ledger_.received() - received;
    phase.after = usage_of(options_.server_pid);
    phase.latency_p99_us = latency_.microseconds(0.99);
    return phase;
  }

  void stall() {
    // What is on its way to them now is not waited for any more: the slots are counted anew.
    publishing_ = false;
    wait_until("the messages in flight", [&] {
      return std::ranges::all_of(sources_, [](const Source& source) { return source.in_flight == 0; });
    });
    reading_ = options_.clients - options_.stalled;
    for (std::size_t i = reading_; i < crowd_.size(); ++i) crowd_[i].stop_reading();
    publishing_ = true;
    for (auto& source : sources_) fill(source);
  }

  /// One byte a second, for the last of the stalled.
  void trickle() {
    if (reading_ == options_.clients || now_ns() < next_trickle_ns_) return;
    next_trickle_ns_ = now_ns() + kTrickleNs;
    for (std::uint32_t i = 0; i < trickling(); ++i) crowd_[crowd_.size() - 1 - i].read(1);
  }

  void publish(Source& source) {
    source.missing[source.publisher.published() % window_] = reading_;
    ++source.in_flight;
    source.publisher.publish(crowd_[source.publisher.number()]);
  }

  void fill(Source& source) {
    while (publishing_ && source.in_flight < window_ && source.missing[source.publisher.published() % window_] == 0) {
      publish(source);
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> published_by() const {
    std::vector<std::uint32_t> counts;
    for (const auto& source : sources_) counts.push_back(source.publisher.published());
    return counts;
  }

  std::uint32_t reading_;  // the clients below this index
  std::uint32_t window_;   // per publisher
  std::vector<Source> sources_;
  Ledger ledger_;
  Latency latency_;
  bool publishing_ = false;
  std::uint64_t next_trickle_ns_ = 0;
};

}  // namespace

Failure run_slow(const Options& options, Report& report) { return Slow(options).run(report); }

}  // namespace tidemark::load

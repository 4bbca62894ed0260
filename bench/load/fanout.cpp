// fanout and bare: N subscribers in one channel, some of them publish. A message is finished when every subscriber has
// it; in the closed loop its publisher then sends the next one. So "one in flight" means that each delivery is a send
// of its own, whatever the server does, and more in flight let a server batch.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/bare_server.h"
#include "bench/load/latency.h"
#include "bench/load/ledger.h"
#include "bench/load/publisher.h"
#include "bench/load/run.h"
#include "bench/load/usage.h"

namespace tidemark::load {
namespace {

constexpr double kDrainSeconds = 10;
constexpr double kRepeatsSeconds = 0.1;               // what was sent twice would come right behind
constexpr std::uint32_t kLatencySampling = 8;         // one delivery in so many
constexpr std::uint32_t kOpenLoopInFlightMax = 1024;  // per publisher, when the rate is fixed

class Fanout final : public Run {
 public:
  explicit Fanout(const Options& options)
      : Run(options),
        ledger_(options.clients, options.publishers),
        window_(options.rate > 0 ? kOpenLoopInFlightMax : options.in_flight / options.publishers) {
    for (std::uint32_t i = 0; i < options.publishers; ++i) {
      sources_.push_back({Publisher(i, options.text_bytes), 0, std::vector<std::uint32_t>(window_)});
    }
  }

  Failure run(Report& report) {
    server_ = options_.server_pid;
    if (options_.mode == Mode::bare ? !gather_around_bare_server()
                                    : !gather(options_.clients, [&](auto) { return place(); })) {
      return failure();
    }

    publishing_ = true;
    first_tick_ns_ = now_ns();
    for (auto& source : sources_) fill(source);
    const auto tick = [&] { keep_rate(); };
    const int wait_ms = options_.rate > 0 ? 1 : 20;

    serve_for(options_.warm_up_s, tick, wait_ms);
    const Sample before = sample();
    latency_.clear();
    serve_for(options_.seconds, tick, wait_ms);
    const Sample after = sample();

    publishing_ = false;
    const auto finished = [&] {
      return failed() || std::ranges::all_of(sources_, [](const Source& s) { return s.in_flight == 0; });
    };
    loop_.run_until(now_ns() + static_cast<std::uint64_t>(kDrainSeconds * 1e9), finished);
    serve_for(kRepeatsSeconds);
    if (after.received == before.received) {
      fail("the deliveries have stopped; lost " + std::to_string(ledger_.lost(published_by())) + ", repeated " +
           std::to_string(ledger_.repeated()));
    }
    if (!failed()) write(before, after, report);
    return failure();
  }

  void on_accepted(Connection& c) override {
    if (&c != control_.get()) crowd_.on_accepted();
  }
  void on_joined(Connection& c) override {
    if (&c != control_.get()) crowd_.on_joined();
  }

  void on_delivery(Connection& c, const Delivery& d) override {
    delivery_bytes_ += d.frame_bytes;
    if (d.publisher >= sources_.size() || d.sequence >= sources_[d.publisher].publisher.published()) {
      return fail("a delivery that was never published");
    }
    Source& source = sources_[d.publisher];
    if (!ledger_.record(c.index(), d.publisher, d.sequence, d.offset)) return;
    if ((c.index() + d.sequence) % kLatencySampling == 0) latency_.add(now_ns() - d.sent_time());
    if (--source.missing[d.sequence % window_] > 0) return;
    --source.in_flight;
    fill(source);
  }

  void on_ack(Connection&, std::uint64_t, std::string_view arguments) override {
    if (arguments.find("\"error\"") != arguments.npos) ++refused_;
  }

 private:
  struct Source {
    Publisher publisher;
    std::uint32_t in_flight;
    std::vector<std::uint32_t> missing;  // by sequence % window: how many subscribers have not got it yet
  };
  struct Sample {
    std::uint64_t at_ns, received, bytes, published;
    Usage server, self;
  };

  bool gather_around_bare_server() {
    bare_ = std::make_unique<BareServer>(options_.clients, options_.frame_bytes, options_.server_cpu);
    server_ = bare_->pid();
    const Connection::Place place{.port = bare_->port(), .text_bytes = options_.text_bytes, .bare = true};
    if (!gather(options_.clients, [&](auto) { return place; })) return false;
    control_ = std::make_unique<Connection>(loop_, *this, options_.clients, place);
    control_->open();
    return wait_until("the bare server", [&] { return control_->joined(); });
  }

  /// A slot is free when the message that had it is finished; a later one may have been faster.
  [[nodiscard]] bool next_slot_free(const Source& source) const {
    return source.missing[source.publisher.published() % window_] == 0;
  }

  void publish(Source& source) {
    source.missing[source.publisher.published() % window_] = options_.clients;
    ++source.in_flight;
    if (control_) {
      source.publisher.publish_ready_frame(*control_, options_.frame_bytes);
    } else {
      source.publisher.publish(crowd_[source.publisher.number()]);
    }
  }

  void fill(Source& source) {
    if (options_.rate > 0) return;
    while (publishing_ && source.in_flight < window_ && next_slot_free(source)) publish(source);
  }

  void keep_rate() {
    if (options_.rate == 0) return;
    const double due = static_cast<double>(now_ns() - first_tick_ns_) * 1e-9 * options_.rate;
    while (static_cast<double>(ticks_) < due) {
      Source& source = sources_[ticks_++ % sources_.size()];
      if (next_slot_free(source)) {
        publish(source);
      } else {
        ++skipped_;
      }
    }
  }

  [[nodiscard]] std::vector<std::uint32_t> published_by() const {
    std::vector<std::uint32_t> counts;
    for (const auto& source : sources_) counts.push_back(source.publisher.published());
    return counts;
  }

  [[nodiscard]] Sample sample() const {
    std::uint64_t published = 0;
    for (const std::uint32_t count : published_by()) published += count;
    return {now_ns(), ledger_.received(), delivery_bytes_, published, usage_of(server_), own_usage()};
  }

  void write(const Sample& before, const Sample& after, Report& report) const {
    const double seconds = static_cast<double>(after.at_ns - before.at_ns) * 1e-9;
    const auto deliveries = static_cast<double>(after.received - before.received);
    const double server_cpu = after.server.cpu_s - before.server.cpu_s;

    report.count("clients", options_.clients);
    report.count("publishers", options_.publishers);
    report.count("in_flight", options_.rate > 0 ? 0 : window_ * options_.publishers);
    report.number("rate", options_.rate);
    report.number("seconds", seconds);
    report.count("published", after.published - before.published);
    report.count("deliveries", after.received - before.received);
    report.number("deliveries_per_s", deliveries / seconds);
    report.number("cpu_us_per_delivery", server_cpu * 1e6 / deliveries);
    report.number("bytes_per_delivery", static_cast<double>(after.bytes - before.bytes) / deliveries);
    report.number("latency_p50_us", latency_.microseconds(0.5));
    report.number("latency_p99_us", latency_.microseconds(0.99));
    report.number("server_cpu_share", server_cpu / seconds);
    report.number("generator_cpu_share", (after.self.cpu_s - before.self.cpu_s) / seconds);
    report.number("rss_kb", after.server.rss_kb);
    report.count("skipped", skipped_);
    report.count("refused", refused_);
    report.count("lost", ledger_.lost(published_by()));
    report.count("repeated", ledger_.repeated());
    report.count("out_of_order", ledger_.out_of_order());
    report.count("offset_breaks", ledger_.offset_breaks());
  }

  std::unique_ptr<BareServer> bare_;
  std::unique_ptr<Connection> control_;  // to the bare server
  pid_t server_ = 0;
  std::vector<Source> sources_;
  Ledger ledger_;
  Latency latency_;
  std::uint32_t window_;  // per publisher
  bool publishing_ = false;
  std::uint64_t first_tick_ns_ = 0, ticks_ = 0, skipped_ = 0, refused_ = 0, delivery_bytes_ = 0;
};

}  // namespace

Failure run_fanout(const Options& options, Report& report) { return Fanout(options).run(report); }

}  // namespace tidemark::load

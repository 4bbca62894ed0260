// append: P publishers, each sends its next message when the last one was acknowledged. What counts is acknowledged
// messages per second. With a channel per publisher each gets only its own messages back, so that fan-out does not
// drown the append; it still checks them.
#include <string>
#include <vector>

#include "bench/load/latency.h"
#include "bench/load/ledger.h"
#include "bench/load/publisher.h"
#include "bench/load/run.h"
#include "bench/load/usage.h"

namespace tidemark::load {
namespace {

constexpr double kDrainSeconds = 10;

class Append final : public Run {
 public:
  explicit Append(const Options& options)
      : Run(options), ledger_(options.publishers, options.publishers), sent_ns_(options.publishers) {
    for (std::uint32_t i = 0; i < options.publishers; ++i) publishers_.emplace_back(i, options.text_bytes);
  }

  Failure run(Report& report) {
    const bool gathered = gather(options_.publishers, [&](std::uint32_t i) {
      Connection::Place where = place();
      if (options_.channel_per_publisher) where.channel = "/chat/" + std::to_string(i);
      return where;
    });
    if (!gathered) return failure();

    publishing_ = true;
    for (std::uint32_t i = 0; i < options_.publishers; ++i) publish(i);
    serve_for(options_.warm_up_s);
    const Sample before = sample();
    latency_.clear();
    serve_for(options_.seconds);
    const Sample after = sample();

    publishing_ = false;
    loop_.run_until(now_ns() + static_cast<std::uint64_t>(kDrainSeconds * 1e9),
                    [&] { return failed() || (waiting_ == 0 && ledger_.received() >= expected()); });
    if (after.acked == before.acked) fail("nothing was acknowledged");
    if (!failed()) write(before, after, report);
    return failure();
  }

  void on_ack(Connection& c, std::uint64_t id, std::string_view arguments) override {
    if (id + 1 != publishers_[c.index()].published()) return fail("an acknowledgement that nobody waits for");
    if (arguments.find("\"error\"") != arguments.npos) return fail("a message was refused: " + std::string(arguments));
    latency_.add(now_ns() - sent_ns_[c.index()]);
    ++acked_;
    --waiting_;
    if (publishing_) publish(c.index());
  }

  void on_delivery(Connection& c, const Delivery& d) override {
    ledger_.record(c.index(), d.publisher, d.sequence, d.offset);
  }

 private:
  struct Sample {
    std::uint64_t at_ns, acked;
    Usage server, self;
  };

  void publish(std::uint32_t i) {
    sent_ns_[i] = now_ns();
    ++waiting_;
    publishers_[i].publish(crowd_[i]);
  }

  /// Deliveries of all that was published, to all who are in the channel.
  [[nodiscard]] std::uint64_t expected() const {
    std::uint64_t published = 0;
    for (const auto& publisher : publishers_) published += publisher.published();
    return options_.channel_per_publisher ? published : published * publishers_.size();
  }

  [[nodiscard]] Sample sample() const { return {now_ns(), acked_, usage_of(options_.server_pid), own_usage()}; }

  void write(const Sample& before, const Sample& after, Report& report) const {
    const double seconds = static_cast<double>(after.at_ns - before.at_ns) * 1e-9;
    const auto acked = static_cast<double>(after.acked - before.acked);
    const double server_cpu = after.server.cpu_s - before.server.cpu_s;
    report.count("publishers", options_.publishers);
    report.flag("channel_per_publisher", options_.channel_per_publisher);
    report.number("seconds", seconds);
    report.count("acked", after.acked - before.acked);
    report.number("acked_per_s", acked / seconds);
    report.number("cpu_us_per_append", server_cpu * 1e6 / acked);
    report.number("ack_p50_us", latency_.microseconds(0.5));
    report.number("ack_p99_us", latency_.microseconds(0.99));
    report.number("server_cpu_share", server_cpu / seconds);
    report.number("generator_cpu_share", (after.self.cpu_s - before.self.cpu_s) / seconds);
    report.number("rss_kb", after.server.rss_kb);
    report.count("unacknowledged", waiting_);
    report.count("lost", expected() - ledger_.received());
    report.count("repeated", ledger_.repeated());
    report.count("out_of_order", ledger_.out_of_order());
    report.count("offset_breaks", ledger_.offset_breaks());
  }

  std::vector<Publisher> publishers_;
  Ledger ledger_;
  Latency latency_;
  std::vector<std::uint64_t> sent_ns_;
  bool publishing_ = false;
  std::uint64_t acked_ = 0, waiting_ = 0;
};

}  // namespace

Failure run_append(const Options& options, Report& report) { return Append(options).run(report); }

}  // namespace tidemark::load

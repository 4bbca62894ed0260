// storm: N clients lose their connection, M messages are published meanwhile, and all come back at once. How long until
// everybody has everything, and what does a delivered message cost the server, the reconnecting included?
#include <string>
#include <vector>

#include "bench/load/latency.h"
#include "bench/load/ledger.h"
#include "bench/load/publisher.h"
#include "bench/load/run.h"
#include "bench/load/usage.h"

namespace tidemark::load {
namespace {

constexpr double kRepeatsSeconds = 0.3;  // what was sent twice would come right behind
constexpr std::uint32_t kFirstMessage = 1;

class Storm final : public Run {
 public:
  explicit Storm(const Options& options)
      : Run(options),
        source_(0, options.text_bytes),
        author_(loop_, *this, options.clients, place()),
        ledger_(options.clients, 1),
        got_(options.clients) {}

  Failure run(Report& report) {
    author_.open();
    if (!wait_until("the author", [&] { return author_.joined(); })) return failure();
    if (!gather(options_.clients, [&](auto) { return place(); })) return failure();

    // Everybody needs a position: one message for all.
    publish_one();
    const auto everybody_has = [this](std::uint64_t messages) {
      return [this, messages] { return ledger_.received() >= messages * options_.clients; };
    };
    if (!wait_until("the first message", everybody_has(kFirstMessage))) return failure();
    std::vector<std::string> memories;
    for (std::size_t i = 0; i < crowd_.size(); ++i) memories.push_back(memory_of(crowd_[i]));
    pids_.clear();
    for (std::size_t i = 0; i < crowd_.size(); ++i) pids_.push_back(crowd_[i].pid());

    crowd_.close();
    serve_for(0.2);
    for (std::uint32_t i = 0; i < options_.messages; ++i) {
      publish_one();
      if (!wait_until("an acknowledgement", [&] { return acked_ == source_.published(); })) return failure();
    }
    serve_for(options_.warm_up_s + options_.away_s);

    back_ = true;
    latency_.clear();
    const Usage before = usage_of(options_.server_pid);
    const Usage self_before = own_usage();
    begin_ns_ = now_ns();
    const bool all_back = gather(options_.clients, [&](std::uint32_t i) {
      Connection::Place where = place();
      where.auth = memories[i];
      return where;
    });
    if (!all_back) return failure();
    const bool complete = wait_until("everything to be delivered", everybody_has(options_.messages + kFirstMessage));
    const auto end_ns = now_ns();
    const Usage after = usage_of(options_.server_pid);
    const Usage self_after = own_usage();
    if (!complete && lost() == 0) return failure();
    serve_for(kRepeatsSeconds);

    const auto delivered = static_cast<double>(ledger_.received() - std::uint64_t{options_.clients} * kFirstMessage);
    report.count("clients", options_.clients);
    report.count("messages", options_.messages);
    report.text("recover", options_.recovery == Recovery::session ? "session" : "serverOffset");
    report.number("cpu_us_per_delivery", delivered > 0 ? (after.cpu_s - before.cpu_s) * 1e6 / delivered : 0);
    report.number("cpu_s", after.cpu_s - before.cpu_s);
    report.number("generator_cpu_s", self_after.cpu_s - self_before.cpu_s);
    report.number("all_have_everything_s", static_cast<double>(end_ns - begin_ns_) * 1e-9);
    report.number("complete_p50_ms", latency_.microseconds(0.5) / 1000);
    report.number("complete_p99_ms", latency_.microseconds(0.99) / 1000);
    report.count("recovered", recovered_);
    report.count("replayed", replayed_);
    report.number("rss_kb", after.rss_kb);
    report.number("rss_peak_kb", after.rss_peak_kb);
    report.count("lost", lost());
    report.count("repeated", ledger_.repeated());
    report.count("out_of_order", ledger_.out_of_order());
    report.count("offset_breaks", ledger_.offset_breaks());
    return {};
  }

  void on_accepted(Connection& c) override {
    if (&c != &author_) crowd_.on_accepted();
  }
  void on_joined(Connection& c) override {
    if (&c == &author_) return;
    crowd_.on_joined();
    if (back_ && !c.pid().empty() && c.pid() == pids_[c.index()]) ++recovered_;
  }

  /// A server that has records in memory says "resumed", one that reads them from its store "replaying".
  void on_event(Connection& c, std::string_view packet) override {
    if (&c != &author_ && back_ && packet.find(R"("state":"replaying")") != packet.npos) ++replayed_;
  }

  void on_ack(Connection&, std::uint64_t, std::string_view arguments) override {
    if (arguments.find("\"error\"") != arguments.npos) return fail("a message was refused: " + std::string(arguments));
    ++acked_;
  }

  void on_delivery(Connection& c, const Delivery& d) override {
    if (&c == &author_) return;
    if (!ledger_.record(c.index(), d.publisher, d.sequence, d.offset)) return;
    if (++got_[c.index()] == options_.messages + kFirstMessage) latency_.add(now_ns() - begin_ns_);
  }

 private:
  void publish_one() { source_.publish(author_); }

  [[nodiscard]] std::uint64_t lost() const { return ledger_.lost({source_.published()}); }

  /// What a client says when it comes back.
  [[nodiscard]] std::string memory_of(const Connection& c) const {
    if (options_.recovery == Recovery::server_offset)
      return "{\"status\":true,\"serverOffset\":" + std::to_string(c.offset()) + "}";
    return "{\"status\":true,\"pid\":\"" + c.pid() + "\",\"offset\":\"" + c.position() + "\"}";
  }

  Publisher source_;
  Connection author_;
  Ledger ledger_;
  std::vector<std::uint32_t> got_;
  std::vector<std::string> pids_;
  Latency latency_;
  bool back_ = false;
  std::uint64_t begin_ns_ = 0, acked_ = 0, recovered_ = 0, replayed_ = 0;
};

}  // namespace

Failure run_storm(const Options& options, Report& report) { return Storm(options).run(report); }

}  // namespace tidemark::load

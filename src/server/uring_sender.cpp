#include "src/server/uring_sender.h"

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include "src/base/limits.h"

namespace tidemark {
namespace {

class UringSender final : public BatchSender {
 public:
  UringSender() : results_(limits::kSendsPerBatch) {}
  UringSender(const UringSender&) = delete;
  UringSender& operator=(const UringSender&) = delete;
  ~UringSender() override { close(); }

  [[nodiscard]] bool open() {
    // Only this thread submits, and completions are handled when it waits for them: no interrupt comes in between.
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    open_ = io_uring_queue_init_params(limits::kSendsPerBatch, &ring_, &params) == 0;
    return open_;
  }

  std::size_t capacity() const override { return open_ ? limits::kSendsPerBatch : 0; }

  void add(int socket, std::string_view bytes) override {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    io_uring_prep_send(entry, socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    io_uring_sqe_set_data64(entry, count_++);
  }

  std::span<const int> send_all() override {
    const std::size_t count = count_;
    count_ = 0;
    for (std::size_t i = 0; i < count; ++i) results_[i] = -EAGAIN;
    std::size_t done = 0;
    for (int idle = 0; done < count && idle < kIdleSubmissions; ++idle) {
      (void)io_uring_submit_and_wait(&ring_, static_cast<unsigned>(count - done));
      const std::size_t reaped = reap();
      if (reaped > 0) idle = 0;
      done += reaped;
    }
    // A ring that does not move is given up, with what it has not sent: those sockets are served by plain sends.
    if (done < count) close();
    return std::span(results_).first(count);
  }

 private:
  static constexpr int kIdleSubmissions = 16;  // in a row without a completion: interrupted, or out of memory

  void close() {
    if (std::exchange(open_, false)) io_uring_queue_exit(&ring_);
  }

  std::size_t reap() {
    std::size_t reaped = 0;
    unsigned head = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      results_[io_uring_cqe_get_data64(completion)] = completion->res;
      ++reaped;
    }
    io_uring_cq_advance(&ring_, static_cast<unsigned>(reaped));
    return reaped;
  }

  io_uring ring_{};
  bool open_ = false;
  std::size_t count_ = 0;
  std::vector<int> results_;
};

}  // namespace

std::unique_ptr<BatchSender> make_uring_sender() {
  auto sender = std::make_unique<UringSender>();
  if (!sender->open()) return nullptr;
  return sender;
}

}  // namespace tidemark

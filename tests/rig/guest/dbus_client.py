"""D-Bus by hand, with descriptors: the VM's Python has no library for it, and this also shows what one would refuse."""
import array, os, socket, struct, sys

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
NO_REPLY = 1
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SIGNATURE, UNIX_FDS = 1, 2, 3, 4, 5, 6, 8, 9
SIZES = {'y': ('B', 1), 'b': ('I', 4), 'i': ('i', 4), 'u': ('I', 4), 'h': ('I', 4), 't': ('Q', 8), 'd': ('d', 8)}


class Connection:
    def __init__(self, stream):
        self.stream, self.fds, self.serial, self.signals = stream, [], 0, []

    def authenticate(self):
        for line in (b'\0AUTH EXTERNAL ' + str(os.getuid()).encode().hex().encode(), b'NEGOTIATE_UNIX_FD'):
            self.stream.sendall(line + b'\r\n')
            self.stream.recv(256)
        self.stream.sendall(b'BEGIN\r\n')

    def send(self, kind, fields, body=b'', fds=()):
        self.serial += 1
        message = struct.pack('<cBBBIII', b'l', kind, 0, 1, len(body), self.serial, 0)
        for code, form, value in fields:
            message += b'\0' * (-len(message) % 8) + bytes([code]) + text(form, 'B') + marshal(form, value)
        message = message[:12] + struct.pack('<I', len(message) - 16) + message[16:]
        message += b'\0' * (-len(message) % 8) + body
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.stream.sendmsg([message], ancillary)

    def call(self, path, interface, member, destination=None, signature=None, body=b'', fds=()):
        """The answer's values. Signals that come before it are kept."""
        fields = [(PATH, 'o', path), (INTERFACE, 's', interface), (MEMBER, 's', member)]
        fields += [(DESTINATION, 's', destination)] if destination else []
        fields += [(SIGNATURE, 'g', signature)] if signature else []
        fields += [(UNIX_FDS, 'u', len(fds))] if fds else []
        self.send(CALL, fields, body, fds)
        while (answer := self.receive()).kind not in (RETURN, ERROR):
            if answer.kind == SIGNAL:
                self.signals.append(answer)
        if answer.kind == ERROR:
            sys.exit(f'{member}: {answer.fields.get(ERROR_NAME)} {answer.body[4:-1].decode()}')
        return [value for _, value in answer.values()]

    def signal(self, member):
        """The values of the first such signal that came or will come."""
        while not (found := [s for s in self.signals if s.fields.get(MEMBER) == member]):
            message = self.receive()
            if message.kind == SIGNAL:
                self.signals.append(message)
        self.signals.remove(found[0])
        return [value for _, value in found[0].values()]

    def reply(self, message, signature=None, body=b''):
        fields = [(REPLY_SERIAL, 'u', message.serial)] + ([(SIGNATURE, 'g', signature)] if signature else [])
        self.send(RETURN, fields, body)

    def refuse(self, message):
        self.send(ERROR, [(REPLY_SERIAL, 'u', message.serial), (ERROR_NAME, 's', 'org.freedesktop.DBus.Error.Failed')])

    def read(self, size):
        data = bytearray()
        while len(data) < size:
            more, fds, _, _ = socket.recv_fds(self.stream, min(size - len(data), 1 << 20), 16)
            if not more:
                raise EOFError
            data += more
            self.fds += fds
        return bytes(data)

    def next(self):
        """The next call, or None when the other side has ended."""
        try:
            while (message := self.receive()).kind != CALL:
                pass
            return message
        except (EOFError, ConnectionError):
            return None

    def receive(self):
        for fd in self.fds:
            os.close(fd)
        self.fds = []
        header = self.read(16)
        body_size, serial, fields_size = struct.unpack_from('<III', header, 4)
        return Message(header[1], header[2], serial, self.read(-(-fields_size // 8) * 8)[:fields_size],
                       self.read(body_size))


class Message:
    def __init__(self, kind, flags, serial, fields, body):
        self.kind, self.flags, self.serial, self.body, self.fields = kind, flags, serial, body, {}
        at = 0
        while at < len(fields):
            at += -at % 8
            form = chr(fields[at + 2])
            self.fields[fields[at]], at = unmarshal(form, fields, at + 4)

    def values(self):
        signature, at, values = self.fields.get(SIGNATURE, ''), 0, []
        while signature:
            form = first_of(signature)
            value, at = unmarshal(form, self.body, at)
            values.append((form, value))
            signature = signature[len(form):]
        return values


def session_bus():
    path = os.environ['DBUS_SESSION_BUS_ADDRESS'].split(',')[0].removeprefix('unix:')
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(path.replace('path=', '').replace('abstract=', '\0'))
    bus = Connection(stream)
    bus.authenticate()
    bus.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'Hello', 'org.freedesktop.DBus')
    return bus


def text(value, length='I'):
    return struct.pack('<' + length, len(value)) + value.encode() + b'\0'


def marshal(form, value):
    return struct.pack('<I', value) if form == 'u' else text(value, 'B' if form == 'g' else 'I')


def first_of(signature):
    """Its first type: arrays, and dicts from basic types to variants, are all there are."""
    return signature[:5] if signature.startswith('a{') else signature[:2] if signature[0] == 'a' else signature[0]


def unmarshal(form, data, at):
    if form == 'g':
        return data[at + 1:at + 1 + data[at]].decode(), at + 2 + data[at]
    if form == 'v':
        form, at = unmarshal('g', data, at)
        return unmarshal(form, data, at)
    if form in SIZES:
        code, size = SIZES[form]
        at += -at % size
        return struct.unpack_from('<' + code, data, at)[0], at + size
    at += -at % 4
    size, = struct.unpack_from('<I', data, at)
    at += 4
    if form in 'so':
        return data[at:at + size].decode(), at + size + 1
    if form == 'ay':
        return data[at:at + size], at + size
    return unmarshal_array(form, data, at, size)


def unmarshal_array(form, data, at, size):
    if form.startswith('a{'):
        at += -at % 8
        end, values = at + size, {}
        while at < end:
            at += -at % 8
            key, at = unmarshal(form[2], data, at)
            values[key], at = unmarshal(form[3], data, at)
        return values, end
    end, values = at + size, []
    while at < end:
        value, at = unmarshal(form[1], data, at)
        values.append(value)
    return values, end

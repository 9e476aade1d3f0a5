"""Runs scenarios with python-socketio: the jobs, results and verbs of driver.cjs, as far as matrix/*.yaml uses them."""
import base64
import json
import queue
import re
import socket
import sys
import time
import urllib.parse
import urllib.request

import requests
import socketio
from socketio import packet

WAIT = 20  # seconds, for the other side
TRANSPORTS = {'polling': ['polling'], 'websocket': ['websocket'], 'upgrade': None}


def revive(v):
    """Makes bytes of {"$b64"} and a text of n letters of {"$text": n}."""
    if isinstance(v, dict):
        if '$b64' in v:
            return base64.b64decode(v['$b64'])
        if '$text' in v:
            return 'x' * v['$text']
        return {k: revive(x) for k, x in v.items()}
    return [revive(x) for x in v] if isinstance(v, list) else v


def plain(v):
    """Makes {"$b64"} of bytes."""
    if isinstance(v, (bytes, bytearray)):
        return {'$b64': base64.b64encode(v).decode()}
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    return [plain(x) for x in v] if isinstance(v, (list, tuple)) else v


def match(want, got):
    """The matchers of values.cjs."""
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(match, want, got))
    if not isinstance(want, dict):
        return type(want) is type(got) and want == got
    if '$any' in want:
        return True
    if '$re' in want:
        return isinstance(got, str) and re.search(want['$re'], got) is not None
    if '$not' in want:
        return not match(want['$not'], got)
    if '$text' in want:
        return got == 'x' * want['$text']
    if '$sub' in want:
        return isinstance(got, dict) and all(k in got and match(w, got[k]) for k, w in want['$sub'].items())
    return isinstance(got, dict) and want.keys() == got.keys() and all(match(w, got[k]) for k, w in want.items())


def expect(what, want, got):
    if not match(want, got):
        raise AssertionError(f'{what}: got {json.dumps(got)[:2000]}, want {json.dumps(want)}')


class Inbox:
    """What came to one namespace of a client."""

    def __init__(self):
        self.events, self.life, self.answers = queue.Queue(), queue.Queue(), {}


class Client(socketio.Client):
    """A named client of a scenario."""

    def __init__(self, job, reconnect):
        super().__init__(reconnection=reconnect, reconnection_delay=0.02, reconnection_delay_max=0.1,
                         randomization_factor=0, handle_sigint=False)
        self.job, self.inboxes, self.reason, self.cutting, self.polled = job, {}, '', False, []
        # It would hand each packet to a thread of its own, where they overtake each other.
        trigger = self.eio._trigger_event
        self.eio._trigger_event = lambda event, *args, run_async=False: trigger(event, *args, run_async=False)

    def inbox(self, namespace='/'):
        if namespace not in self.inboxes:
            raise AssertionError(f'not connected to {namespace}')
        return self.inboxes[namespace]

    def enter(self, namespace, auth, query, headers):
        """Connects to a namespace and gives its first word."""
        box = self.inboxes.setdefault(namespace, Inbox())
        self.connection_auth = {**(self.connection_auth or {}), **(auth or {})}  # for a reconnection
        if not self.connected:
            url = self.job['url'] + ('?' + urllib.parse.urlencode(query) if query else '')
            self.connect(url, headers=headers or {}, auth=auth, transports=TRANSPORTS[self.job['transport']],
                         namespaces=[namespace], wait=False)
        else:
            self._send_packet(self.packet_class(packet.CONNECT, data=auth or {}, namespace=namespace))
        word = box.life.get(timeout=WAIT)
        if word['was'] == 'connect' and namespace not in self.connection_namespaces:
            self.connection_namespaces.append(namespace)
        return word

    def leave(self, namespace):
        self._send_packet(self.packet_class(packet.DISCONNECT, namespace=namespace))
        self.connection_namespaces.remove(namespace)
        del self.namespaces[namespace]

    def cut(self):
        """Breaks the connection under the client's feet."""
        if self.transport() == 'websocket':
            self.eio.ws.sock.shutdown(socket.SHUT_RDWR)
            return
        send, self.cutting = self.eio._send_request, True

        def broken(method, *args, **kwargs):
            if method != 'GET':
                return send(method, *args, **kwargs)
            self.eio._send_request, self.cutting = send, False
            return None
        self.eio._send_request = broken
        requests.post(self.eio.base_url, data='42["echo","to end the poll that waits"]', timeout=WAIT)

    def finish(self):
        """Ends every session: a client that polls may go without a word, and its session waits for its pong."""
        self.reconnection = False
        self.disconnect()
        for url in self.polled:
            requests.post(url, data='1', timeout=WAIT)

    def _handle_eio_connect(self):
        if self.eio.current_transport == 'polling':
            self.polled.append(self.eio.base_url)
        super()._handle_eio_connect()

    def _handle_disconnect(self, namespace):
        self.reason = 'io server disconnect'
        super()._handle_disconnect(namespace)

    def _handle_eio_disconnect(self):
        self.reason = 'transport close'
        super()._handle_eio_disconnect()

    def _trigger_event(self, event, namespace, *args):
        box = self.inboxes[namespace]
        if event == 'connect':
            box.life.put({'was': 'connect'})
        elif event == 'disconnect':
            box.life.put({'was': 'disconnect', 'reason': self.reason})
        elif event == 'connect_error':
            err = args[0] if args and isinstance(args[0], dict) else {'message': str(args)}
            box.life.put({'was': 'connect_error', 'message': err.get('message'), 'data': plain(err.get('data'))})
        elif not self.cutting:
            box.events.put({'event': event, 'args': plain(args)})
            return tuple(box.answers[event]) if event in box.answers else None
        return None


class Run:
    """One run of one scenario: the verbs."""

    def __init__(self, job):
        self.job, self.clients = job, {}

    def all(self):
        step = -1
        try:
            self.control('/reset')
            for step, s in enumerate(self.job['steps']):
                [(verb, arg)] = s.items()
                getattr(self, 'do_' + verb)(**{'as_' if k == 'as' else k: v for k, v in arg.items()})
            for name, c in self.clients.items():
                for namespace, box in c.inboxes.items():
                    expect(f'left over at {name} {namespace}', [], list(box.events.queue) + list(box.life.queue))
            return {'ok': True}
        except Exception as err:  # whatever it is, it is the result
            return {'ok': False, 'step': step, 'error': f'{type(err).__name__}: {err}'}
        finally:
            for c in self.clients.values():
                c.finish()

    def control(self, path):
        with urllib.request.urlopen(self.job['control'] + path, data=b'{}', timeout=WAIT) as res:
            return json.load(res)

    def client(self, as_):
        return self.clients[as_]

    def life(self, as_, namespace, was, **want):
        got = self.client(as_).inbox(namespace).life.get(timeout=WAIT)
        expect(was, {'$sub': {'was': was, **want}}, got)

    def ask(self, as_, namespace, event, args):
        answer = queue.Queue()
        self.client(as_).emit(event, tuple(revive(args)), namespace=namespace, callback=lambda *got: answer.put(plain(got)))
        return answer.get(timeout=WAIT)

    def do_connect(self, as_='a', namespace='/', auth=None, query=None, headers=None, reconnect=False, error=None,
                   upgrading=False):
        c = self.clients.setdefault(as_, None) or Client(self.job, reconnect)
        self.clients[as_] = c
        got = c.enter(namespace, auth, query, headers)
        if error:
            expect('connect_error', {'$sub': {'was': 'connect_error', **error}}, got)
            return
        expect('connect', {'$sub': {'was': 'connect'}}, got)
        if not upgrading:
            self.do_settled(as_)

    def do_settled(self, as_='a'):
        want = 'polling' if self.job['transport'] == 'polling' else 'websocket'
        end = time.monotonic() + WAIT
        while (got := self.client(as_).transport()) != want:
            if time.monotonic() > end:
                raise AssertionError(f'the transport is {got}')
            time.sleep(0.005)

    def do_connected(self, as_='a', namespace='/'):
        self.life(as_, namespace, 'connect')
        self.do_settled(as_)

    def do_disconnected(self, reason, as_='a', namespace='/'):
        self.life(as_, namespace, 'disconnect', reason=reason)

    def do_leave(self, as_='a', namespace='/'):
        self.client(as_).leave(namespace)

    def do_cut(self, as_='a'):
        self.client(as_).cut()

    def do_emit(self, event, as_='a', namespace='/', args=(), ack=None):
        if ack is None:
            self.client(as_).emit(event, tuple(revive(list(args))), namespace=namespace)
        else:
            expect(f'ack of {event}', ack, self.ask(as_, namespace, event, list(args)))

    def do_answer(self, event, as_='a', namespace='/', args=()):
        self.client(as_).inbox(namespace).answers[event] = revive(list(args))

    def do_expect(self, event, as_='a', namespace='/', args=()):
        got = self.client(as_).inbox(namespace).events.get(timeout=WAIT)
        expect('event', {'event': event, 'args': list(args)}, got)

    def do_up(self, n, as_='a', namespace='/'):
        for i in range(n):
            self.client(as_).emit('count', i, namespace=namespace)
        expect('counted', [{'n': n, 'ordered': True}], self.ask(as_, namespace, 'counted', []))

    def do_down(self, n, as_='a', namespace='/'):
        self.client(as_).emit('burst', n, namespace=namespace)
        for i in range(n):
            got = self.client(as_).inbox(namespace).events.get(timeout=WAIT)
            expect('tick', {'event': 'tick', 'args': [i]}, got)

    def do_saw(self, log):
        end = time.monotonic() + WAIT
        while True:
            at = 0
            got = self.control('/log')
            for entry in got:
                if at < len(log) and match({'$sub': log[at]}, entry):
                    at += 1
            if at == len(log):
                return
            if time.monotonic() > end:
                raise AssertionError(f'the server saw {json.dumps(got)[:2000]}, not {json.dumps(log[at])}')
            time.sleep(0.02)


for line in sys.stdin:
    print(json.dumps(Run(json.loads(line)).all()), flush=True)

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// nginxConf passes WebSockets on, and does nothing else. The paths are those that it makes at its start though it will not
// use them.
const nginxConf = `
daemon off;
%s
pid nginx.pid;
error_log stderr crit;
events { worker_connections %d; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen %s backlog=4096;
    location / {
      proxy_pass %s;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 1h;
    }
  }
}
`

// nginx starts it with one process: more cost more for an event.
func nginx(s *settings, row *row, upstream string) (*process, error) {
	return startNginx(s, row, upstream, "master_process off;")
}

// nginxes starts it as it comes, with a process for each core; those of one that root starts are root's, to read the folder.
func nginxes(s *settings, row *row, upstream string) (*process, error) {
	return startNginx(s, row, upstream, "worker_processes auto; user root;")
}

func startNginx(s *settings, row *row, upstream, processes string) (*process, error) {
	path, err := program("nginx")
	if err != nil {
		return nil, err
	}
	dir, address, err := place(s, row)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConf, processes, descriptors()-100, address, upstream), 0o600); err != nil {
		return nil, err
	}
	return startProcess(address, exec.Command(path, "-p", dir, "-c", file, "-e", "stderr"))
}

// haproxyConf is the same for HAProxy, with as many threads as it takes by itself: one for each core.
const haproxyConf = `
global
  maxconn %d
defaults
  mode http
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend clients
  bind %s backlog 4096
  default_backend servers
backend servers
  server server %s
`

func haproxy(s *settings, row *row, upstream string) (*process, error) {
	path, err := program("haproxy")
	if err != nil {
		return nil, err
	}
	dir, address, err := place(s, row)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "haproxy.cfg")
	text := fmt.Appendf(nil, haproxyConf, descriptors()/2-100, address, strings.TrimPrefix(upstream, "http://")) // more, and it does not start
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	return startProcess(address, exec.Command(path, "-db", "-f", file))
}

// place gives a row a folder and an address.
func place(s *settings, row *row) (dir, address string, err error) {
	if dir, err = os.MkdirTemp(s.dir, row.name); err == nil {
		address, err = freeAddress()
	}
	return dir, address, err
}

// descriptors is how many files a process may open here, and lets what we start open as many: Go raises only its own
// soft limit unasked.
func descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024
	}
	return limit.Max
}

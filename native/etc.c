#include "etc.h"

#include <dirent.h>
#include <string.h>
#include <stdio.h>

#include "protocol.h"
#include "tree.h"

/* Public configuration of the tool chain. Files in which people keep passwords (netrc, npmrc, maven, gitconfig) are not among them. */
static const char *const shown[] = {
	"/etc/alternatives", "/etc/ca-certificates", "/etc/ca-certificates.conf", "/etc/crypto-policies", "/etc/debian_version",
	"/etc/dotnet",	     "/etc/fonts",	     "/etc/inputrc",		  "/etc/ld.so.cache",	  "/etc/ld.so.conf",
	"/etc/ld.so.conf.d", "/etc/localtime",	     "/etc/lsb-release",	  "/etc/magic",		  "/etc/magic.mime",
	"/etc/mime.types",   "/etc/mke2fs.conf",     "/etc/os-release",		  "/etc/perl",		  "/etc/pki/ca-trust",
	"/etc/pki/java",     "/etc/pki/tls/certs",   "/etc/pki/tls/cert.pem",	  "/etc/protocols",	  "/etc/redhat-release",
	"/etc/rpc",	     "/etc/services",	     "/etc/ssl/certs",		  "/etc/ssl/cert.pem",	  "/etc/ssl/openssl.cnf",
	"/etc/terminfo",     "/etc/timezone",	     "/etc/vim",		  "/etc/xattr.conf",
};

/* Those with a version in their name. */
static const char *const shown_families[] = { "java", "python", "php", "ruby", "R" };

static void show_families(void)
{
	DIR *folder = opendir(HOST "/etc");

	if (!folder)
		refuse_errno("read", "/etc");

	for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		for (size_t i = 0; i < sizeof(shown_families) / sizeof(*shown_families); i++) {
			char path[300];

			if (strncmp(entry->d_name, shown_families[i], strlen(shown_families[i])) != 0)
				continue;

			(void)snprintf(path, sizeof(path), "/etc/%s", entry->d_name);
			bind_new(path, path, BIND_READ_ONLY | BIND_OPTIONAL);
		}
	}

	closedir(folder);
}

void etc_build(const struct spec *spec)
{
	make_folder("/etc", 0755);

	make_text("/etc/passwd", "root:x:0:0:root:/:/usr/sbin/nologin\n"
				 "agent:x:1000:1000:agent:/home/agent:/bin/sh\n"
				 "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n");
	make_text("/etc/group", "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n");
	make_text("/etc/hostname", "sandbox\n");
	make_text("/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost ip6-localhost ip6-loopback\n");
	make_text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n");

	/* Whatever server a tool asks, the question reaches the egress door; this is the one that resolvers are told of. */
	make_text("/etc/resolv.conf", spec->egress ? "nameserver 10.99.0.53\noptions timeout:5 attempts:2\n" : "");

	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		bind_new(shown[i], shown[i], BIND_READ_ONLY | BIND_OPTIONAL);

	show_families();
	make_link("/proc/self/mounts", "/etc/mtab");
}

#define _GNU_SOURCE
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    PROBES = 3,          /* and as many pauses: nobody has answered for an IPv4 address when they are over */
    PROBE_MILLIS = 50,   /* on one network an answer takes less than a millisecond */
    ANNOUNCEMENTS = 5,   /* one may be lost, and who missed it would talk to the old host for minutes */
    ANNOUNCE_MILLIS = 200,
    MOST_CONNECTIONS = 8192, /* ended in one go: the guard has other things to do */
    MAC_BYTES = 6
};
#define NANOS_PER_MILLI INT64_C(1000000)
#define TCP_STATE(number) (1U << (number))
/* All in which data may still come: from ESTABLISHED (1) to CLOSING (11), without TIME_WAIT (6), CLOSE (7) and LISTEN (10). */
#define LIVE_STATES \
    (TCP_STATE(1) | TCP_STATE(2) | TCP_STATE(3) | TCP_STATE(4) | TCP_STATE(5) | TCP_STATE(8) | TCP_STATE(9) | TCP_STATE(11))

enum slot_state { FREE, PROBING, HELD, REFUSED };

struct slot {
    enum slot_state state;
    char interface[IF_NAMESIZE];
    char text[INET6_ADDRSTRLEN + 4];
    unsigned index, prefix;
    int family;
    unsigned char bytes[16];
    unsigned char mac[MAC_BYTES];
    bool ethernet; /* else nobody can be asked, and nobody told */
    unsigned step;
    int64_t due_nanos; /* of the next probe or announcement, 0 for none */
    char why[96];
};

static struct slot slots[ADDRESSES];
static char held_list[ADDRESS_LIST_BYTES];
static address_listener *told;
static int netlink_fd = -1, dump_fd = -1, destroy_fd = -1, arp_fd = -1, timer_fd = -1;
static uint32_t sequence;

int addresses_timer_fd(void)
{
    return timer_fd;
}

int addresses_netlink_fd(void)
{
    return netlink_fd;
}

int addresses_arp_fd(void)
{
    return arp_fd;
}

const char *addresses_list(void)
{
    return held_list;
}

static size_t width(const struct slot *s)
{
    return s->family == AF_INET ? 4 : 16;
}

static const char *const names[] = {"free", "probing", "held", "refused"};

static void enter(struct slot *s, enum slot_state state, const char *why)
{
    s->state = state;
    snprintf(s->why, sizeof s->why, "%.95s", why);
    told(s->text, names[state], s->why);
}

void addresses_tell(void)
{
    for (int i = 0; i < ADDRESSES; i++)
        if (slots[i].state != FREE)
            told(slots[i].text, names[slots[i].state], slots[i].why);
}

static void plan(void)
{
    int64_t next = 0;
    for (int i = 0; i < ADDRESSES; i++)
        if (slots[i].due_nanos != 0 && (next == 0 || slots[i].due_nanos < next))
            next = slots[i].due_nanos;
    struct itimerspec at = {.it_value = {.tv_sec = next / (NANOS_PER_MILLI * 1000), .tv_nsec = next % (NANOS_PER_MILLI * 1000)}};
    if (timer_fd >= 0)
        timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* ---- the kernel ---------------------------------------------------------------------------------------------- */

static int netlink(int protocol, unsigned groups)
{
    struct sockaddr_nl own = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof own) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Everything that giving up needs is open before anything is taken. */
static const char *open_all(void)
{
    if (netlink_fd < 0)
        netlink_fd = netlink(NETLINK_ROUTE, RTMGRP_IPV6_IFADDR);
    if (dump_fd < 0)
        dump_fd = netlink(NETLINK_SOCK_DIAG, 0);
    if (destroy_fd < 0)
        destroy_fd = netlink(NETLINK_SOCK_DIAG, 0);
    if (timer_fd < 0)
        timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (netlink_fd < 0 || dump_fd < 0 || destroy_fd < 0 || timer_fd < 0)
        return strerror(errno);
    return NULL;
}

struct address_request {
    struct nlmsghdr header;
    struct ifaddrmsg body;
    char attributes[128];
};

static void add_attribute(struct address_request *request, unsigned short type, const void *value, size_t length)
{
    struct rtattr head = {.rta_len = (unsigned short)RTA_LENGTH(length), .rta_type = type};
    size_t at = NLMSG_ALIGN(request->header.nlmsg_len) - offsetof(struct address_request, attributes);
    memcpy(request->attributes + at, &head, sizeof head);
    memcpy(request->attributes + at + RTA_LENGTH(0), value, length);
    request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + (unsigned)RTA_ALIGN(head.rta_len);
}

/* The kernel carries it out before sendto returns, and its answer waits then. Returns 0, or why not. */
static int change_address(const struct slot *s, unsigned short type)
{
    struct address_request request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof request.body),
                            .nlmsg_type = type,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0),
                            .nlmsg_seq = ++sequence},
                 .body = {.ifa_family = (unsigned char)s->family,
                          .ifa_prefixlen = (unsigned char)s->prefix,
                          .ifa_index = s->index}};
    add_attribute(&request, IFA_LOCAL, s->bytes, width(s));
    add_attribute(&request, IFA_ADDRESS, s->bytes, width(s));
    if (s->family == AF_INET6) {
        /* Not preferred, so that the host's own connections do not come from it. */
        struct ifa_cacheinfo lasting = {.ifa_prefered = 0, .ifa_valid = UINT32_MAX};
        add_attribute(&request, IFA_CACHEINFO, &lasting, sizeof lasting);
    }
    if (send(netlink_fd, &request, request.header.nlmsg_len, 0) < 0)
        return errno;
    _Alignas(struct nlmsghdr) char answer[8192];
    ssize_t length;
    while ((length = recv(netlink_fd, answer, sizeof answer, MSG_DONTWAIT)) > 0) {
        const struct nlmsghdr *h = (const struct nlmsghdr *)answer;
        if (h->nlmsg_type == NLMSG_ERROR && h->nlmsg_seq == sequence)
            return -((const struct nlmsgerr *)NLMSG_DATA(h))->error;
    }
    return EAGAIN;
}

/* Whether a connection of the kernel's list came by an address, as itself or inside an IPv6 one. */
static bool came_by(const struct slot *s, const struct inet_diag_msg *found)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    const unsigned char *source = (const unsigned char *)found->id.idiag_src;
    if (found->idiag_family == s->family)
        return memcmp(source, s->bytes, width(s)) == 0;
    return s->family == AF_INET && memcmp(source, mapped, sizeof mapped) == 0 && memcmp(source + 12, s->bytes, 4) == 0;
}

/* Ends one as the kernel ends it when its process is killed, but while the peer can still be told. */
static void destroy(const struct inet_diag_msg *found)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } request = {.header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DESTROY, .nlmsg_flags = NLM_F_REQUEST},
                 .body = {.sdiag_family = found->idiag_family, .sdiag_protocol = IPPROTO_TCP, .id = found->id}};
    send(destroy_fd, &request, sizeof request, MSG_DONTWAIT);
}

/*
 * Without this the clients of a removed address hang: the kernel can no more send for it, so that not even the end of a
 * killed server reaches them (tried on Linux 6.18).
 */
static void end_connections(const struct slot *s, int family)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } request = {.header = {.nlmsg_len = sizeof request,
                            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                            .nlmsg_seq = ++sequence},
                 .body = {.sdiag_family = (unsigned char)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = LIVE_STATES}};
    static _Alignas(struct nlmsghdr) char answer[32 * 1024];
    ssize_t length;
    int seen = 0;
    if (send(dump_fd, &request, sizeof request, MSG_DONTWAIT) < 0)
        return;
    while (seen < MOST_CONNECTIONS && (length = recv(dump_fd, answer, sizeof answer, MSG_DONTWAIT)) > 0) {
        for (struct nlmsghdr *h = (struct nlmsghdr *)answer; NLMSG_OK(h, (size_t)length); h = NLMSG_NEXT(h, length)) {
            if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY && h->nlmsg_seq == sequence) {
                const struct inet_diag_msg *found = NLMSG_DATA(h);
                seen++;
                if (came_by(s, found))
                    destroy(found);
            }
        }
    }
    while (recv(dump_fd, answer, sizeof answer, MSG_DONTWAIT) > 0) /* The rest of a list that was too long. */
        ;
    while (recv(destroy_fd, answer, sizeof answer, MSG_DONTWAIT) > 0)
        ;
}

static void let_go(struct slot *s)
{
    if (s->state == HELD || (s->state == PROBING && s->family == AF_INET6)) {
        end_connections(s, s->family);
        if (s->family == AF_INET)
            end_connections(s, AF_INET6);
        change_address(s, RTM_DELADDR);
    }
    s->due_nanos = 0;
    if (s->state != FREE)
        enter(s, FREE, "");
}

/* ---- the network --------------------------------------------------------------------------------------------- */

static void close_arp(void)
{
    for (int i = 0; i < ADDRESSES; i++)
        if (slots[i].state == PROBING && slots[i].family == AF_INET)
            return;
    if (arp_fd >= 0)
        close(arp_fd);
    arp_fd = -1;
}

struct arp {
    uint16_t hardware, protocol;
    unsigned char hardware_bytes, protocol_bytes;
    uint16_t operation;
    unsigned char sender_mac[MAC_BYTES], sender[4], target_mac[MAC_BYTES], target[4];
} __attribute__((packed));

/* A probe has no sender, so that nobody notes a wrong one; an announcement has the address as both. */
static void send_arp(const struct slot *s, bool announcement)
{
    struct arp packet = {.hardware = htons(ARPHRD_ETHER),
                         .protocol = htons(ETH_P_IP),
                         .hardware_bytes = MAC_BYTES,
                         .protocol_bytes = 4,
                         .operation = htons(ARPOP_REQUEST)};
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ARP),
                             .sll_ifindex = (int)s->index,
                             .sll_halen = MAC_BYTES};
    memset(to.sll_addr, 0xff, MAC_BYTES);
    memcpy(packet.sender_mac, s->mac, MAC_BYTES);
    memcpy(packet.target, s->bytes, 4);
    if (announcement)
        memcpy(packet.sender, s->bytes, 4);
    int fd = arp_fd >= 0 ? arp_fd : socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    sendto(fd, &packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
    if (fd != arp_fd)
        close(fd);
}

/* An unsolicited neighbour advertisement to all: the address is here, and overrides what was noted. */
static void advertise(const struct slot *s)
{
    struct {
        struct nd_neighbor_advert head;
        unsigned char type, units, mac[MAC_BYTES];
    } packet = {.type = ND_OPT_TARGET_LINKADDR, .units = 1};
    struct sockaddr_in6 from = {.sin6_family = AF_INET6}, all = {.sin6_family = AF_INET6, .sin6_scope_id = s->index};
    int hops = 255, index = (int)s->index;
    packet.head.nd_na_type = ND_NEIGHBOR_ADVERT;
    packet.head.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
    memcpy(&packet.head.nd_na_target, s->bytes, 16);
    memcpy(packet.mac, s->mac, MAC_BYTES);
    memcpy(&from.sin6_addr, s->bytes, 16);
    inet_pton(AF_INET6, "ff02::1", &all.sin6_addr);
    int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
    if (fd < 0)
        return;
    if (bind(fd, (struct sockaddr *)&from, sizeof from) == 0
        && setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) == 0
        && setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index) == 0)
        sendto(fd, &packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&all, sizeof all);
    close(fd);
}

static void announce(struct slot *s, int64_t now)
{
    if (s->ethernet && s->family == AF_INET)
        send_arp(s, true);
    else if (s->ethernet)
        advertise(s);
    s->step++;
    s->due_nanos = s->ethernet && s->step < ANNOUNCEMENTS ? now + ANNOUNCE_MILLIS * NANOS_PER_MILLI : 0;
}

static void hold_now(struct slot *s, int64_t now)
{
    s->step = 0;
    enter(s, HELD, "");
    announce(s, now);
}

static void refuse(struct slot *s, const char *why)
{
    s->due_nanos = 0;
    enter(s, REFUSED, why);
}

static void take(struct slot *s, int64_t now)
{
    int failure = change_address(s, RTM_NEWADDR);
    if (failure != 0)
        refuse(s, failure == EPERM ? "the guard may not change addresses: it needs CAP_NET_ADMIN" : strerror(failure));
    else if (s->family == AF_INET)
        hold_now(s, now);
    /* An IPv6 address the kernel asks for by itself, for about a second, and tells what came of it. */
}

static void probe(struct slot *s, int64_t now)
{
    if (s->step == PROBES) {
        take(s, now);
        close_arp();
        return;
    }
    send_arp(s, false);
    s->step++;
    s->due_nanos = now + PROBE_MILLIS * NANOS_PER_MILLI;
}

static void begin(struct slot *s, int64_t now)
{
    s->step = 0;
    s->due_nanos = 0;
    enter(s, PROBING, "");
    if (s->family == AF_INET6 || !s->ethernet) {
        take(s, now);
        return;
    }
    if (arp_fd < 0)
        arp_fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP));
    if (arp_fd < 0)
        refuse(s, errno == EPERM ? "the guard may not ask who has the address: it needs CAP_NET_RAW" : strerror(errno));
    else
        probe(s, now);
}

void addresses_on_timer(int64_t now)
{
    uint64_t unused;
    ssize_t length = read(timer_fd, &unused, sizeof unused);
    (void)length;
    for (int i = 0; i < ADDRESSES; i++) {
        struct slot *s = &slots[i];
        if (s->due_nanos == 0 || s->due_nanos > now)
            continue;
        s->due_nanos = 0;
        if (s->state == PROBING)
            probe(s, now);
        else if (s->state == HELD)
            announce(s, now);
    }
    plan();
}

/* Whoever says that the address is its own, in an answer or in a question; of two who ask at once, the one with the lower
   hardware address goes on. */
static void read_arp(void)
{
    struct arp packet;
    struct sockaddr_ll from;
    socklen_t size = sizeof from;
    ssize_t length;
    while (arp_fd >= 0
           && (length = recvfrom(arp_fd, &packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&from, &size)) > 0) {
        for (int i = 0; i < ADDRESSES && length == (ssize_t)sizeof packet; i++) {
            struct slot *s = &slots[i];
            static const unsigned char nobody[4];
            const unsigned char *m = packet.sender_mac;
            int order = memcmp(m, s->mac, MAC_BYTES);
            bool has = memcmp(packet.sender, s->bytes, 4) == 0 && order != 0;
            bool asks = memcmp(packet.sender, nobody, 4) == 0 && memcmp(packet.target, s->bytes, 4) == 0 && order < 0;
            if (s->state != PROBING || s->family != AF_INET || from.sll_ifindex != (int)s->index || (!has && !asks))
                continue;
            char why[96];
            snprintf(why, sizeof why, "another host %s it: %02x:%02x:%02x:%02x:%02x:%02x", has ? "answers for" : "is taking", m[0],
                     m[1], m[2], m[3], m[4], m[5]);
            refuse(s, why);
        }
        size = sizeof from;
    }
    close_arp();
}

static void read_address_news(const struct nlmsghdr *h, int64_t now)
{
    const struct ifaddrmsg *body = NLMSG_DATA(h);
    unsigned flags = body->ifa_flags;
    const void *address = NULL;
    int left = (int)IFA_PAYLOAD(h);
    for (const struct rtattr *a = IFA_RTA(body); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFA_ADDRESS && RTA_PAYLOAD(a) == 16)
            address = RTA_DATA(a);
        if (a->rta_type == IFA_FLAGS)
            memcpy(&flags, RTA_DATA(a), sizeof flags);
    }
    for (int i = 0; address != NULL && i < ADDRESSES; i++) {
        struct slot *s = &slots[i];
        if (s->state != PROBING || s->family != AF_INET6 || s->index != body->ifa_index || memcmp(address, s->bytes, 16) != 0)
            continue;
        if (flags & IFA_F_DADFAILED) {
            change_address(s, RTM_DELADDR);
            refuse(s, "another host answers for it");
        } else if (!(flags & IFA_F_TENTATIVE)) {
            hold_now(s, now);
        }
    }
}

void addresses_on_message(int64_t now)
{
    read_arp();
    _Alignas(struct nlmsghdr) char news[8192];
    ssize_t length;
    while (netlink_fd >= 0 && (length = recv(netlink_fd, news, sizeof news, MSG_DONTWAIT)) > 0)
        for (struct nlmsghdr *h = (struct nlmsghdr *)news; NLMSG_OK(h, (size_t)length); h = NLMSG_NEXT(h, length))
            if (h->nlmsg_type == RTM_NEWADDR)
                read_address_news(h, now);
    plan();
}

/* ---- what is wanted ------------------------------------------------------------------------------------------ */

/* Reads `eth0 10.0.0.100/24`. NULL, or what is wrong with it. */
static const char *parse(const char *text, struct slot *s)
{
    char address[INET6_ADDRSTRLEN];
    int end = 0;
    struct ifreq request = {0};
    *s = (struct slot){0};
    if (sscanf(text, "%15s %45[0-9a-fA-F:.]/%u%n", s->interface, address, &s->prefix, &end) != 3 || text[end] != '\0')
        return "it is not INTERFACE ADDRESS/BITS";
    s->family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(s->family, address, s->bytes) != 1 || s->prefix < 1 || s->prefix > 8 * width(s))
        return "it is no address with the bits of its network";
    snprintf(s->text, sizeof s->text, "%s/%u", address, s->prefix);
    s->index = if_nametoindex(s->interface);
    if (s->index == 0)
        return "this host has no such interface";
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", s->interface);
    s->ethernet = fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &request) == 0 && request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
    if (s->ethernet)
        memcpy(s->mac, request.ifr_hwaddr.sa_data, MAC_BYTES);
    if (fd >= 0)
        close(fd);
    return NULL;
}

static bool same(const struct slot *one, const struct slot *other)
{
    return one->index == other->index && strcmp(one->text, other->text) == 0;
}

static const char *parse_list(const char *list, struct slot wanted[ADDRESSES], int *count)
{
    static char problem[ADDRESS_LIST_BYTES + 96];
    char copy[ADDRESS_LIST_BYTES];
    *count = 0;
    if (snprintf(copy, sizeof copy, "%s", list) >= (int)sizeof copy)
        return "the list of addresses is too long";
    for (char *rest = copy; rest != NULL && *rest != '\0';) {
        char *one = strsep(&rest, ",");
        const char *wrong = *count == ADDRESSES ? "there are too many" : parse(one, &wanted[*count]);
        if (wrong != NULL) {
            snprintf(problem, sizeof problem, "%s: %s", one, wrong);
            return problem;
        }
        ++*count;
    }
    return NULL;
}

const char *addresses_hold(const char *list, int64_t now, address_listener *listener)
{
    struct slot wanted[ADDRESSES];
    int count;
    const char *problem = parse_list(list, wanted, &count);
    if (problem == NULL && count > 0)
        problem = open_all();
    if (problem != NULL)
        return problem;
    told = listener;
    snprintf(held_list, sizeof held_list, "%s", list);
    for (int i = 0; i < ADDRESSES; i++) {
        bool stays = false;
        for (int w = 0; w < count; w++)
            stays = stays || same(&slots[i], &wanted[w]);
        if (!stays)
            let_go(&slots[i]);
    }
    for (int w = 0; w < count; w++) {
        struct slot *to = NULL;
        for (int i = 0; i < ADDRESSES; i++)
            if (slots[i].state != FREE && same(&slots[i], &wanted[w]))
                to = &slots[i];
        for (int i = 0; to == NULL && i < ADDRESSES; i++) {
            if (slots[i].state == FREE) {
                to = &slots[i];
                *to = wanted[w];
            }
        }
        if (to != NULL && (to->state == FREE || to->state == REFUSED))
            begin(to, now);
    }
    close_arp();
    plan();
    return NULL;
}

void addresses_resume(const char *list, address_listener *listener)
{
    struct slot wanted[ADDRESSES];
    int count;
    if (parse_list(list, wanted, &count) != NULL || count == 0 || open_all() != NULL)
        return;
    told = listener;
    snprintf(held_list, sizeof held_list, "%s", list);
    for (int i = 0; i < count; i++) {
        slots[i] = wanted[i];
        slots[i].state = HELD;
    }
}

void addresses_drop(void)
{
    held_list[0] = '\0';
    for (int i = 0; i < ADDRESSES; i++)
        if (slots[i].state != FREE)
            let_go(&slots[i]);
    close_arp();
    plan();
}

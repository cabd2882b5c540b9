/*
 * Preloaded into keepalived, lets it run its checks on a kernel without IPVS: what it sends to IPVS
 * becomes a message that the kernel confirms and ignores. For test/bench/check.
 *
 * The family "IPVS" is found as the controller of generic netlink, which is always there; whatever
 * goes to that number and is not a question for a family's name is then meant for IPVS.
 */
#include <dlfcn.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

static const char wanted[] = "IPVS";

static struct nlattr *first_attr(struct nlmsghdr *head)
{
	return (struct nlattr *)((char *)NLMSG_DATA(head) + GENL_HDRLEN);
}

static void redirect(struct nlmsghdr *head, size_t len)
{
	struct genlmsghdr *genl = NLMSG_DATA(head);
	struct nlattr *attr = first_attr(head);
	char *name = (char *)attr + NLA_HDRLEN;

	if (len < NLMSG_LENGTH(GENL_HDRLEN) || head->nlmsg_type != GENL_ID_CTRL)
		return;
	if (genl->cmd != CTRL_CMD_GETFAMILY ||
	    len < NLMSG_LENGTH(GENL_HDRLEN + NLA_HDRLEN) + sizeof(wanted) ||
	    attr->nla_type != CTRL_ATTR_FAMILY_NAME) {
		head->nlmsg_type = NLMSG_NOOP;
		head->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	} else if (memcmp(name, wanted, sizeof(wanted)) == 0) {
		/* Both names take eight bytes. */
		memcpy(name, "nlctrl", sizeof("nlctrl"));
		attr->nla_len = NLA_HDRLEN + sizeof("nlctrl");
	}
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	static ssize_t (*next)(int, const struct msghdr *, int);
	const struct sockaddr *to = msg->msg_name;
	int protocol = -1;
	socklen_t len = sizeof(protocol);

	if (!next)
		next = (ssize_t(*)(int, const struct msghdr *, int))dlsym(RTLD_NEXT, "sendmsg");
	if (to && to->sa_family == AF_NETLINK && msg->msg_iovlen == 1 &&
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	    protocol == NETLINK_GENERIC)
		redirect(msg->msg_iov->iov_base, msg->msg_iov->iov_len);
	return next(fd, msg, flags);
}

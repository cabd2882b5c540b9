/*
 * The link of an interface, asked of its driver. See linkbeat.h. VRRP child.
 */
#include "vrrp/linkbeat.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vrrp/track_conf.h"

static struct ifreq request(const char *interface)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	strncpy(ifr.ifr_name, interface, sizeof(ifr.ifr_name) - 1);
	return ifr;
}

static int ask_mii(int fd, const char *interface)
{
	struct ifreq ifr = request(interface);
	struct mii_ioctl_data mii;

	if (ioctl(fd, SIOCGMIIPHY, &ifr) < 0)
		return -errno;
	memcpy(&mii, &ifr.ifr_data, sizeof(mii));
	mii.reg_num = MII_BMSR;
	memcpy(&ifr.ifr_data, &mii, sizeof(mii));
	if (ioctl(fd, SIOCGMIIREG, &ifr) < 0)
		return -errno;
	memcpy(&mii, &ifr.ifr_data, sizeof(mii));
	return mii.val_out & BMSR_LSTATUS ? 1 : 0;
}

static int ask_ethtool(int fd, const char *interface)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };
	struct ifreq ifr = request(interface);

	ifr.ifr_data = (void *)&value;
	return ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? -errno : value.data != 0;
}

static int ask_flags(int fd, const char *interface)
{
	struct ifreq ifr = request(interface);

	return ioctl(fd, SIOCGIFFLAGS, &ifr) < 0 ? -errno : (ifr.ifr_flags & IFF_RUNNING) != 0;
}

int linkbeat_ask(int fd, const char *interface, int method)
{
	static const struct {
		int method;
		int (*ask)(int fd, const char *interface);
	} ways[] = {
		{ LINKBEAT_MII, ask_mii },
		{ LINKBEAT_ETHTOOL, ask_ethtool },
		{ LINKBEAT_IOCTL, ask_flags },
	};
	int result = -ENOTSUP;

	for (size_t i = 0; result < 0 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (method == LINKBEAT_AUTO || method == ways[i].method)
			result = ways[i].ask(fd, interface);
	}
	return result;
}
